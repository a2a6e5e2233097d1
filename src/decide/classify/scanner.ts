import { MAX_LINE_LENGTH } from '../route/pattern.ts';
import { copyWithoutCodes } from './colour-codes.ts';
import { RECORD_HEAD, type ScanArea, ScanMemory, scanArea } from './scan-memory.ts';
import { type Literal, type ScanTables, scanTables } from './scan-tables.ts';
import { BLOCK_BYTES, CARRY_BYTES } from './text-store.ts';

export type { Literal } from './scan-tables.ts';

/** A line in which texts were found. */
export interface FoundLine {
  /** Where the line begins and ends; its line break stands at `end`. */
  readonly start: number;
  readonly end: number;
  /** A position inside the first text that was found. */
  readonly first: number;
  /** How many lines end before it. */
  readonly ends: number;
  /** What the line holds besides plain text: a sum of the values of `MARKS`. */
  readonly marks: number;
}

export const MARKS = {
  /** Something that looks like a colour code, with or without its escape. */
  code: 1,
  /** Something that looks like the time that stands behind columns. */
  columns: 2,
  nonAscii: 4,
  escape: 8,
};

/**
 * Finds in which lines of a buffer any of many fixed texts stand, without decoding it. Every second position is looked at,
 * four bytes and the one before them at a time: a text of four bytes or more always has a block of three or four at an even
 * and one at an odd distance from its start, and of each kind the rarest is what the tables know. The stride does not
 * depend on what was read, so the loop runs at the speed of memory; only a hit in the tables costs a comparison.
 */
export interface Scanner {
  /**
   * Calls `visit` for each line with a text in it, in order; `found` holds the texts meanwhile. A line of more than
   * 192 KiB is looked at in pieces of that length, as if each were a line.
   * @returns how many lines end in the first `length` bytes
   */
  scan(bytes: Uint8Array, length: number, visit: (line: FoundLine) => void): number;
  /** Looks through one line; `found` holds the texts. */
  scanLine(text: string): void;
  /**
   * Looks through one line without its colour codes, and gives it back like that; `found` holds the texts.
   * @param end at most `LINE_BYTES` behind `start`
   */
  scanWithoutCodes(bytes: Uint8Array, start: number, end: number): string;
  /** Indices of the texts that were found, each once, until anything else is looked through. */
  readonly found: readonly number[];
}

const WINDOW = BLOCK_BYTES + CARRY_BYTES;
const RECORDS = 64 * 1024;
const LINE_BYTES = 3 * MAX_LINE_LENGTH;

let memory: ScanMemory | null = null;

export function createScanner(literals: readonly Literal[]): Scanner {
  memory ??= new ScanMemory();
  return new WasmScanner(scanTables(literals), memory);
}

class WasmScanner implements Scanner {
  readonly found: number[] = [];
  private readonly tables: ScanTables;
  private readonly memory: ScanMemory;
  private readonly window: ScanArea;
  private readonly line: ScanArea;
  private readonly size: number;

  constructor(tables: ScanTables, memory: ScanMemory) {
    const line = scanArea(tables.image.length, LINE_BYTES, 0, tables.count);
    const window = scanArea(line.end, WINDOW, RECORDS, tables.count);
    this.tables = tables;
    this.memory = memory;
    this.line = line.area;
    this.window = window.area;
    this.size = window.end;
  }

  scan(bytes: Uint8Array, length: number, visit: (line: FoundLine) => void): number {
    let ends = 0;
    for (let from = 0; from < length; ) {
      const to = windowEnd(bytes, from, length);
      ends = this.scanWindow(bytes, from, to, ends, visit);
      from = to;
    }
    return ends;
  }

  private scanWindow(
    bytes: Uint8Array,
    from: number,
    to: number,
    before: number,
    visit: (line: FoundLine) => void,
  ): number {
    const { memory, window } = this;
    memory.load(this.tables, this.size);
    memory.bytes.set(bytes.subarray(from, to), window.from);
    memory.frame(window, to - from);
    const moved = from - window.from;
    let ends = before;
    for (let at = 0; at < to - from; ) {
      const scanned = memory.scan(window, at, to - from);
      const { words } = memory;
      for (let record = window.out / 4; record < scanned.end; ) {
        const texts = record + RECORD_HEAD;
        record = texts + words[texts - 1]!;
        this.read(texts, record);
        visit({
          start: words[texts - 6]! + moved,
          end: words[texts - 5]! + moved,
          first: words[texts - 4]! + moved,
          ends: ends + words[texts - 3]!,
          marks: words[texts - 2]!,
        });
      }
      at = scanned.stoppedAt;
      ends += scanned.ends;
    }
    return ends;
  }

  scanLine(text: string): void {
    const { memory, line } = this;
    memory.load(this.tables, this.size);
    this.scanArea(memory.bytes.write(text, line.from, line.capacity));
  }

  scanWithoutCodes(bytes: Uint8Array, start: number, end: number): string {
    const { memory, line } = this;
    memory.load(this.tables, this.size);
    const length = copyWithoutCodes(bytes, start, end, memory.bytes, line.from);
    this.scanArea(length);
    return memory.bytes.toString('utf8', line.from, line.from + length);
  }

  private scanArea(length: number): void {
    const { memory, line } = this;
    memory.frame(line, length);
    const { end } = memory.scan(line, 0, length);
    this.read(line.out / 4 + RECORD_HEAD, end);
  }

  private read(from: number, to: number): void {
    const { found } = this;
    const { words } = this.memory;
    const count = Math.max(0, to - from);
    // An array that is emptied first loses its room and has to grow again.
    for (let i = 0; i < count; i++) found[i] = words[from + i]!;
    if (found.length > count) found.length = count;
  }
}

/** Behind the last line that is whole in a window. */
function windowEnd(bytes: Uint8Array, from: number, length: number): number {
  const end = from + WINDOW;
  if (end >= length) return length;
  const window = bytes.subarray(from, end);
  const newline = window.lastIndexOf(10);
  if (newline >= 0) return from + newline + 1;
  const to = from + window.lastIndexOf(13) + 1;
  if (to === from) return end;
  // A carriage return stays with the newline that may follow it.
  return bytes[to] === 10 && to - 1 > from ? to - 1 : to;
}
