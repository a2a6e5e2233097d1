import fc from 'fast-check';

/** Values that have broken out of somebody's quotes. */
export const NASTY: readonly string[] = [
  '"',
  "'",
  '`',
  '\\',
  '\\"',
  '\\\\"',
  '"} or vector(1) or up{x="',
  '"} |= "" or {app=~".+',
  'x"\n} # ',
  'x\r\ny',
  'a\u2028b\u2029c\u0085d',
  '\u0000',
  '\ufeff',
  '\u202e"',
  '\ud800',
  '\udc00"',
  '😀"',
  '＂',
  '{service}',
  '{{.service}}',
  '$&$1',
  '.*|.+',
  '[^x]',
  'a/../../b',
  '%22%7D',
  'x&query=up',
  ' ',
  '\t"',
  '-',
  'a,b=c',
  'a in (b)',
];

/** Text made of such values and of whatever else there is; never empty. */
export const nastyText = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((pieces) => pieces.join('').toWellFormed());

/** What Go's strconv.Unquote makes of a literal in double quotes or back quotes; throws when it is not one. */
export function unquoteGo(literal: string): string {
  if (/^`[^`]*`$/.test(literal)) return literal.slice(1, -1);
  if (!/^"(?:\\(?:[abfnrtv\\"]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})|[^"\\\n])*"$/.test(literal)) {
    throw new Error(`${literal} is no string of Go`);
  }
  return literal.slice(1, -1).replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/g, (_, short, long, one: string) => {
    const code: string | undefined = short ?? long;
    return code === undefined ? one : String.fromCodePoint(Number.parseInt(code, 16));
  });
}
