import { plainLine } from './line.ts';
import { stampEnd } from './stamp.ts';
import type { Line, TextStore } from './text-store.ts';

/** Characters of one line that are shown. */
const LINE_LIMIT = 400;
const READ_LIMIT = 1024;

const ESCAPE = 0x1b;
const BRACKET = 91;
const LETTER_M = 109;
const NON_ASCII = 0x80;
const BOM_END = 0xbf;

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** A line as the excerpt shows it. */
export interface ShownLine {
  /** Where its bytes can be shown as they are; null when it had to be decoded to tell, or when it is blank. */
  readonly bytes: Uint8Array | null;
  readonly from: number;
  readonly to: number;
  /** What is shown where `bytes` is null; empty when the line is blank. */
  readonly text: string;
}

const BLANK: ShownLine = { bytes: null, from: 0, to: 0, text: '' };

export function shownLine(store: TextStore, line: Line): ShownLine {
  const block = store.blockAt(line.start);
  if (!block) return BLANK;
  const { bytes, offset } = block;
  const end = line.end - offset;
  const from = plainStart(bytes, line.start - offset, end);
  const to = from < 0 ? -1 : plainEnd(bytes, from, end);
  if (to >= 0) return to > from ? { bytes, from, to, text: '' } : BLANK;
  const text = plainLine(store.read(line, READ_LIMIT));
  if (text === '') return BLANK;
  return { bytes: null, from: 0, to: 0, text: text.length > LINE_LIMIT ? `${text.slice(0, LINE_LIMIT)}…` : text };
}

/**
 * Where a line begins to show when nothing but a time stamp in front must go, so that it agrees with `plainLine`; -1 when
 * there may be more to take out: colours, columns, marks of byte order.
 */
function plainStart(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > LINE_LIMIT) return -1;
  if (end === start) return end;
  const first = bytes[start]!;
  if (first >= NON_ASCII) return -1;
  const hasStamp = isDigit(first);
  const from = hasStamp ? stampEnd(bytes, start, end) : start;
  if (from < 0 || (from < end && bytes[from] === BRACKET)) return -1;
  const mayHaveColumns = !hasStamp && first >= 48;
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === ESCAPE || (byte === BRACKET && bytes[at - 1] === LETTER_M)) return -1;
    if (mayHaveColumns && byte === 50 && isColumnEnd(bytes[at - 1]!) && bytes[at + 1] === 48) return -1;
  }
  return from;
}

/** What stands in front of the year of a time stamp that follows columns. */
const isColumnEnd = (byte: number): boolean => byte === 9 || byte === 32 || byte === BOM_END;

/** Where it ends without the space behind; -1 when that takes decoding. */
function plainEnd(bytes: Uint8Array, from: number, end: number): number {
  let to = end;
  while (to > from && isSpace(bytes[to - 1]!)) to--;
  return to > from && bytes[to - 1]! >= NON_ASCII ? -1 : to;
}

const SCRATCH_BYTES = 32 * 1024;
/** One for all: no renderer waits for anything between its first line and its text. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Puts lines together. Those whose bytes can be shown as they are become text all at once. */
export class Renderer {
  lines = 0;
  private readonly pieces: string[] = [];
  private used = 0;

  show({ bytes, from, to, text }: ShownLine): void {
    if (bytes === null) {
      this.say(text);
      return;
    }
    if (this.used + to - from + 1 > SCRATCH_BYTES) this.flush();
    let at = this.used;
    for (let i = from; i < to; i++) scratch[at++] = bytes[i]!;
    scratch[at++] = 10;
    this.used = at;
    this.lines++;
  }

  say(text: string): void {
    this.flush();
    this.pieces.push(text);
    this.lines++;
  }

  text(): string {
    this.flush();
    return this.pieces.join('\n');
  }

  private flush(): void {
    if (this.used > 0) this.pieces.push(scratch.toString('utf8', 0, this.used - 1));
    this.used = 0;
  }
}
