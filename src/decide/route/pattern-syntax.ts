/**
 * The regular expressions that rules may use: the part of RE2's syntax that Healer can prove things about. No
 * back-references and no look-around, so that every accepted pattern can be matched in linear time.
 */

/** Bit n of `low` is set when the ASCII character n belongs; `other` stands for what lies beyond ASCII. */
export interface CharSet {
  readonly low: readonly [number, number, number, number];
  /** `SPACES` and `LETTERS` beyond ASCII, or both, or 0. */
  readonly other: number;
}

/** White space beyond ASCII. */
const SPACES = 1;
/** Everything else beyond ASCII. */
const LETTERS = 2;
export const NON_ASCII = SPACES | LETTERS;

export type Syntax =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly Syntax[] }
  | { readonly kind: 'choice'; readonly items: readonly Syntax[] }
  | { readonly kind: 'repeat'; readonly item: Syntax; readonly min: number; readonly max: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'boundary'; readonly isNegated: boolean };

export interface ParsedPattern {
  readonly syntax: Syntax;
  readonly ignoreCase: boolean;
  /** The source without the leading `(?i)`. */
  readonly body: string;
}

export class PatternError extends Error {
  override readonly name = 'PatternError';
}

export function setOf(test: (code: number) => boolean, other: number): CharSet {
  const low: [number, number, number, number] = [0, 0, 0, 0];
  for (let code = 0; code < 128; code++) if (test(code)) low[code >> 5]! |= 1 << (code & 31);
  return { low, other };
}

export function overlaps(a: CharSet, b: CharSet): boolean {
  return (a.other & b.other) !== 0 || a.low.some((word, i) => (word & (b.low[i] ?? 0)) !== 0);
}

export function union(a: CharSet, b: CharSet): CharSet {
  const [p, q] = [a.low, b.low];
  return { low: [p[0] | q[0], p[1] | q[1], p[2] | q[2], p[3] | q[3]], other: a.other | b.other };
}

/** One character; all beyond ASCII are taken for each other. */
export function setOfChar(char: string): CharSet {
  const code = char.charCodeAt(0);
  return setOf((each) => each === code, code > 127 ? NON_ASCII : 0);
}

/** With both cases of every letter of ASCII. */
export function foldedSet({ low, other }: CharSet): CharSet {
  // Words 2 and 3 hold @A–Z[\]^_ and `a–z{|}~ with letters at the same bits.
  const letters = (low[2] | low[3]) & 0x07fffffe;
  return { low: [low[0], low[1], low[2] | letters, low[3] | letters], other };
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
export const isWord = (code: number): boolean =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

const CLASSES: Readonly<Record<string, CharSet>> = {
  d: setOf(isDigit, 0),
  D: setOf((code) => !isDigit(code), NON_ASCII),
  w: setOf(isWord, 0),
  W: setOf((code) => !isWord(code), NON_ASCII),
  s: setOf(isSpace, SPACES),
  S: setOf((code) => !isSpace(code), LETTERS),
};
const ANY = setOf((code) => code !== 10 && code !== 13, NON_ASCII);
const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' };

/** @throws PatternError with the position and what to write instead */
export function parsePattern(source: string): ParsedPattern {
  const ignoreCase = source.startsWith('(?i)');
  const body = ignoreCase ? source.slice(4) : source;
  const reader = new Reader(body);
  const syntax = reader.choice(0);
  if (reader.at < body.length) throw reader.problem('a closing parenthesis without an opening one');
  return { syntax, ignoreCase, body };
}

/** Deeper nesting than this is nobody's honest pattern. */
const MAX_DEPTH = 20;

class Reader {
  at = 0;
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  problem(what: string): PatternError {
    return new PatternError(`${what} at character ${this.at + 1} of ${JSON.stringify(this.source)}`);
  }

  choice(depth: number): Syntax {
    if (depth > MAX_DEPTH) throw this.problem(`more than ${MAX_DEPTH} nested groups`);
    const items = [this.sequence(depth)];
    while (this.source[this.at] === '|') {
      this.at++;
      items.push(this.sequence(depth));
    }
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  }

  private sequence(depth: number): Syntax {
    const items: Syntax[] = [];
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      items.push(this.repeated(this.atom(depth)));
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  private atom(depth: number): Syntax {
    const char = String.fromCodePoint(this.source.codePointAt(this.at)!);
    this.at += char.length;
    if (char === '(') return this.group(depth);
    if (char === '[') return { kind: 'set', set: this.bracket() };
    if (char === '.') return { kind: 'set', set: ANY };
    if (char === '^') return { kind: 'start' };
    if (char === '$') return { kind: 'end' };
    if (char === '\\') return this.escape();
    if (char === '*' || char === '+' || char === '?') throw this.problem(`nothing to repeat before "${char}"`);
    if (char === '{') throw this.problem('a literal "{" has to be written "\\{"; it stands');
    return { kind: 'char', char };
  }

  private group(depth: number): Syntax {
    if (this.source.startsWith('?:', this.at)) this.at += 2;
    else if (this.source[this.at] === '?')
      throw this.problem('only plain groups and "(?:…)" are allowed (no look-around, names or flags)');
    const inner = this.choice(depth + 1);
    if (this.source[this.at] !== ')') throw this.problem('a group that is not closed');
    this.at++;
    return inner;
  }

  private escape(): Syntax {
    const char = this.source[this.at++];
    if (char === undefined) throw this.problem('a backslash with nothing behind it');
    if (char === 'b' || char === 'B') return { kind: 'boundary', isNegated: char === 'B' };
    const set = CLASSES[char];
    if (set) return { kind: 'set', set };
    if (/[1-9]/.test(char))
      throw this.problem('back-references are not allowed: they cannot be matched in linear time');
    if (ESCAPED[char] !== undefined) return { kind: 'char', char: ESCAPED[char] };
    if (/[a-zA-Z]/.test(char)) throw this.problem(`"\\${char}" is not supported`);
    return { kind: 'char', char };
  }

  private repeated(item: Syntax): Syntax {
    const found = /^(?:([*+?])|\{(\d{1,3})(,?)(\d{0,3})\})/.exec(this.source.slice(this.at, this.at + 12));
    if (!found) return item;
    this.at += found[0].length;
    if (this.source[this.at] === '?') this.at++;
    if (/^[*+?{]/.test(this.source[this.at] ?? '')) throw this.problem('a repetition of a repetition');
    const low = Number(found[2] ?? 0);
    if (found[1]) return { kind: 'repeat', item, min: found[1] === '+' ? 1 : 0, max: found[1] === '?' ? 1 : Infinity };
    const max = found[3] === '' ? low : found[4] === '' ? Infinity : Number(found[4]);
    if (max < low) throw this.problem('a repetition whose maximum is below its minimum');
    return { kind: 'repeat', item, min: low, max };
  }

  private bracket(): CharSet {
    const isNegated = this.source[this.at] === '^';
    if (isNegated) this.at++;
    let set = setOf(() => false, 0);
    for (let first = true; first || this.source[this.at] !== ']'; first = false) {
      if (this.at >= this.source.length) throw this.problem('a character set that is not closed');
      const low = this.bracketItem();
      if (typeof low !== 'number') {
        set = union(set, low);
        continue;
      }
      let high = low;
      if (this.source[this.at] === '-' && this.source[this.at + 1] !== ']') {
        this.at++;
        const end = this.bracketItem();
        if (typeof end !== 'number' || end < low) throw this.problem('a character range that runs backwards');
        high = end;
      }
      set = union(
        set,
        setOf((code) => code >= low && code <= high, high > 127 ? NON_ASCII : 0),
      );
    }
    this.at++;
    if (!isNegated) return set;
    const { low } = set;
    return { low: [~low[0], ~low[1], ~low[2], ~low[3]], other: NON_ASCII };
  }

  private bracketItem(): number | CharSet {
    const code = this.source.codePointAt(this.at)!;
    this.at += code > 0xffff ? 2 : 1;
    if (code !== 92) return code;
    const char = this.source[this.at++] ?? '';
    if (char === 'b') return 8;
    return CLASSES[char] ?? (ESCAPED[char] ?? char).charCodeAt(0);
  }
}
