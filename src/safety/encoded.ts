import { entropy } from './assignments.ts';
import type { Span } from './span.ts';

/**
 * Secrets in another dress: base64 (also wrapped over lines), hexadecimal, percent and backslash escapes. What reads as
 * text once decoded is looked through like any other text, and what is found there is taken out where it came from.
 */
export function encodedSecrets(text: string, look: (decoded: string) => readonly Span[]): readonly Span[] {
  return [BLOCKS, ...ESCAPES.map(escaped)].flatMap((decode) => {
    const decoded = decode(text);
    return decoded === null ? [] : look(decoded.text).flatMap((span) => backwards(span, decoded));
  });
}

/** A decoded text, and for each of its characters where it stood; characters between two pieces stand nowhere. */
interface Decoded {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Stands between pieces that have nothing to do with each other. */
const GAP = '\n';

/** Where the span came from; nothing when it reaches over a gap. */
function backwards(span: Span, { text, starts, ends }: Decoded): readonly Span[] {
  const value = text.slice(span.start, span.end);
  const from = starts[span.start];
  const to = ends[span.end - 1];
  if (from === undefined || to === undefined || from < 0 || to < 0) return [];
  return [{ type: span.type, start: from, end: to, identity: span.identity ?? value }];
}

class Builder {
  text = '';
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  add(piece: string, startOf: (index: number) => number, endOf: (index: number) => number): void {
    this.text += piece;
    for (let i = 0; i < piece.length; i++) {
      this.starts.push(startOf(i));
      this.ends.push(endOf(i));
    }
  }

  gap(): void {
    this.add(
      GAP,
      () => -1,
      () => -1,
    );
  }

  get decoded(): Decoded | null {
    return this.text === '' ? null : this;
  }
}

/** Escapes of URLs, and of strings in JSON, JavaScript and Python. */
const ESCAPES: readonly (readonly [mark: string, pattern: RegExp])[] = [
  ['%', /%([0-9A-Fa-f]{2})/g],
  ['\\', /\\(?:u00([0-9A-Fa-f]{2})|x([0-9A-Fa-f]{2})|([/"'\\nrtbf]))/g],
];
/** What such an escape stands for when it is not itself; any blank ends a name, so that they need not be told apart. */
const BLANKS = 'nrtbf';
/** An escape is looked at with its line, as far as the next placeholder. */
const ENDS_LINE: ReadonlySet<string> = new Set('\n«»');
const LONGEST_LINE = 65_536;

function escaped([mark, pattern]: (typeof ESCAPES)[number]): (text: string) => Decoded | null {
  return (text) => {
    const built = new Builder();
    for (let at = text.indexOf(mark); at !== -1; ) {
      let [start, end] = [at, at + 1];
      while (start > 0 && at - start < LONGEST_LINE && !ENDS_LINE.has(text[start - 1] ?? ' ')) start--;
      while (end < text.length && end - at < LONGEST_LINE && !ENDS_LINE.has(text[end] ?? ' ')) end++;
      unescapeLine(text.slice(start, end), start, pattern, built);
      at = text.indexOf(mark, end);
    }
    return built.decoded;
  };
}

function unescapeLine(line: string, at: number, pattern: RegExp, built: Builder): void {
  const found = [...line.matchAll(pattern)];
  if (found.length === 0) return;
  let from = 0;
  const plain = (to: number): void => {
    const start = at + from;
    built.add(
      line.slice(from, to),
      (i) => start + i,
      (i) => start + i + 1,
    );
  };
  for (const match of found) {
    const [hex, quoted] = [match[1] ?? match[2], match[3]];
    const [start, end] = [at + match.index, at + match.index + match[0].length];
    plain(match.index);
    built.add(
      hex === undefined
        ? BLANKS.includes(quoted ?? '')
          ? '\n'
          : (quoted ?? '')
        : String.fromCharCode(Number.parseInt(hex, 16)),
      () => start,
      () => end,
    );
    from = match.index + match[0].length;
  }
  plain(line.length);
  built.gap();
}

/** Shorter runs hold less than a token. */
const SHORTEST_RUN = 24;
const SHORTEST_HEX = 32;
/** As many bytes must read as text before a run is decoded; by chance one of some thousands does. */
const PROBE_BYTES = 9;
/** Lines that a wrapped text was cut into have this many characters or more (PEM 64, OpenSSH 70, MIME 76). */
const SHORTEST_WRAPPED = 60;
/** What may stand between two of them: a line feed, indentation, a time stamp. */
const LONGEST_GAP = 40;

const IN_ALPHABET = new Uint8Array(128);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_')
  IN_ALPHABET[char.charCodeAt(0)] = 1;

interface Run {
  readonly start: number;
  readonly end: number;
}

const BLOCKS = (text: string): Decoded | null => {
  const built = new Builder();
  for (const lines of wrapped(text, runs(text))) {
    const [first] = lines;
    if (first === undefined) continue;
    const body = lines.map(({ start, end }) => text.slice(start, end)).join('');
    const hex = body.length >= SHORTEST_HEX && body.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(body);
    const kind = hex && isText(body, 'hex') ? 'hex' : isText(body, 'base64') ? 'base64' : null;
    if (kind === null) continue;
    const bytes = Buffer.from(body, kind).toString('latin1');
    const place = placeIn(lines);
    // Four characters of base64 hold three bytes: the group is taken out as a whole.
    const [startOf, endOf] =
      kind === 'hex'
        ? [(i: number) => place(2 * i), (i: number) => place(2 * i + 1) + 1]
        : [
            (i: number) => place(Math.floor(i / 3) * 4),
            (i: number) => place(Math.min(body.length, (Math.floor(i / 3) + 1) * 4) - 1) + 1,
          ];
    built.add(bytes, startOf, endOf);
    built.gap();
  }
  return built.decoded;
};

/** Runs of the alphabet of base64, which is that of hexadecimal as well. A loop: an expression would try every place. */
function runs(text: string): readonly Run[] {
  const found: Run[] = [];
  let start = -1;
  for (let at = 0; at <= text.length; at++) {
    const unit = at < text.length ? text.charCodeAt(at) : 32;
    if (unit < 128 && IN_ALPHABET[unit] === 1) {
      if (start === -1) start = at;
      continue;
    }
    if (start !== -1 && at - start >= SHORTEST_RUN) found.push({ start, end: at });
    start = -1;
  }
  return found;
}

/** Runs that are lines of one text together; every other run by itself. */
function wrapped(text: string, all: readonly Run[]): readonly (readonly Run[])[] {
  const groups: Run[][] = [];
  let previous: Run | null = null;
  for (const run of all) {
    const between =
      previous === null ? '' : text.slice(previous.end, Math.min(run.start, previous.end + LONGEST_GAP + 1));
    const continues =
      previous !== null &&
      previous.end - previous.start >= SHORTEST_WRAPPED &&
      run.start - previous.end <= LONGEST_GAP &&
      /^(?:\r?\n|\\n)[^\n]*$/.test(between);
    if (continues) groups.at(-1)?.push(run);
    else groups.push([run]);
    previous = run;
  }
  return groups;
}

/** From a place in the joined lines to the place in the text. */
function placeIn(lines: readonly Run[]): (index: number) => number {
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) return (index) => only.start + index;
  const places = lines.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
  return (index) => places[index] ?? places.at(-1) ?? 0;
}

/** Bits per character that random base64 has at least over a few lines. */
const RANDOM = 4.8;
const KEY_WIDTHS: readonly number[] = [64, 70];

/**
 * Lines out of the middle of a key: an excerpt may have cut off what names it. Two lines or more as wide as PEM or
 * OpenSSH make them, that are no text once decoded, no digests, and no part of something public.
 */
export function keyLines(text: string): readonly Span[] {
  return wrapped(text, runs(text)).flatMap((lines): readonly Span[] => {
    const [first, last] = [lines[0], lines.at(-1)];
    if (lines.length < 2 || first === undefined || last === undefined) return [];
    const width = first.end - first.start;
    const isEven = lines.slice(0, -1).every(({ start, end }) => end - start === width);
    if (!KEY_WIDTHS.includes(width) || !isEven || last.end - last.start > width) return [];
    const body = lines.map(({ start, end }) => text.slice(start, end)).join('');
    if (/^[0-9a-f]+$/i.test(body) || isText(body, 'base64') || entropy(body) < RANDOM) return [];
    if (isPublic(text, first.start)) return [];
    return [{ type: 'key-material', start: first.start, end: last.end }];
  });
}

/** Inside a block whose first line says that it is a certificate, a public key, a signature. */
function isPublic(text: string, at: number): boolean {
  const begin = text.lastIndexOf('-----BEGIN ', at);
  return begin > text.lastIndexOf('-----END ', at) && !text.slice(begin, begin + 60).includes('PRIVATE');
}

function isText(body: string, kind: 'hex' | 'base64'): boolean {
  const probe = Buffer.from(body.slice(0, kind === 'hex' ? PROBE_BYTES * 2 : (PROBE_BYTES / 3) * 4), kind);
  return (
    probe.length >= PROBE_BYTES - 1 &&
    probe.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13)
  );
}
