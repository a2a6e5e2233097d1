/** Characters that nobody sees but a model or a terminal reads: bidi controls, zero-width, fillers, tags, selectors. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|[\ufff9-\ufffb]/gu;
/** ECMA-48: CSI and OSC (and the other string) sequences, 7 and 8 bit, and two-character escapes. */
const ESCAPES =
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]{0,4096}(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]{0,4}[0-~]/g;
/** Colour codes whose escape character was lost on the way; `[5m]` of a PromQL range is not one. */
const LOST_ESCAPES = /\[\d{1,3}(?:;\d{1,3}){0,4}m(?![\]:])/g;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
/** Removing a code can join the halves of another; more rounds than this are an attack on our time, not a log. */
const MAX_ROUNDS = 8;

/**
 * Text without anything that is not text: escape sequences, control characters (besides tab and line feed), bidi and
 * zero-width characters; every kind of line end becomes `\n`; lone surrogates become U+FFFD.
 */
export function cleanText(text: string): string {
  let clean = text
    .toWellFormed()
    .replace(INVISIBLE, '')
    .replace(/\r+\n/g, '\n')
    .replace(ESCAPES, '')
    .replace(/[\r\u0085\u2028\u2029]/g, '\n')
    .replace(CONTROLS, '');
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = clean.replace(LOST_ESCAPES, '');
    if (next.length === clean.length) break;
    clean = next;
  }
  return clean;
}

/** Cleaned, on one line, cut with an ellipsis at `max` characters: for names inside a sentence. */
export function cleanLine(text: string, max = 200): string {
  const line = cleanText(text).replace(/\s+/g, ' ').trim();
  return line.length <= max ? line : `${line.slice(0, max - 1).toWellFormed()}…`;
}
