import type { ScanTables } from './scan-tables.ts';
import { SCAN_WASM } from './scan-wasm.ts';
import { WasmMemory } from './wasm-memory.ts';

interface WasmNumber {
  value: number;
}

/** What scan.wat exports; its comments say what each means. */
interface ScanCode {
  readonly scan: (from: number, to: number, out: number, limit: number) => number;
  readonly seen: WasmNumber;
  readonly at: WasmNumber;
  readonly ends: WasmNumber;
}

const WORD = 4;
/** Vectors are read beyond both ends of a text. */
const MARGIN = 32;
const NEWLINE = 10;
const RETURN = 13;
/** Numbers in front of the texts in a record. */
export const RECORD_HEAD = 6;

/** A place for bytes to look through, and one for the records of what was found. */
export interface ScanArea {
  readonly from: number;
  readonly capacity: number;
  readonly out: number;
  /** No record begins behind it. */
  readonly limit: number;
}

/** What a look through an area gave. */
export interface Scanned {
  /** Index of the first number behind the last record. */
  readonly end: number;
  /** Where to go on, counted from the start of the bytes. */
  readonly stoppedAt: number;
  /** How many lines end before that. */
  readonly ends: number;
}

/**
 * The memory that scan.wat works in; it holds the tables of one set of texts at a time. Nothing waits between filling it and
 * reading what was found.
 */
export class ScanMemory extends WasmMemory<ScanCode> {
  private loaded: ScanTables | null = null;

  constructor() {
    super(SCAN_WASM, 'scanner', 1);
  }

  /** Puts the tables in place unless they are there. @param size bytes of memory that the tables and the areas take */
  load(tables: ScanTables, size: number): void {
    if (this.loaded === tables) return;
    this.reserve(size);
    this.bytes.set(tables.image, 0);
    this.code.seen.value = tables.seen;
    this.loaded = tables;
  }

  /** Puts what `scan` needs around the `length` bytes at the start of an area. */
  frame({ from }: ScanArea, length: number): void {
    this.bytes[from - 1] = NEWLINE;
    this.bytes[from + length] = RETURN;
  }

  scan(area: ScanArea, start: number, length: number): Scanned {
    const end = this.code.scan(area.from + start, area.from + length, area.out, area.limit);
    return { end: end / WORD, stoppedAt: this.code.at.value - area.from, ends: this.code.ends.value };
  }
}

/** An area behind `start`, with room for records of `room` bytes and for one more whatever it holds, and where it ends. */
export function scanArea(
  start: number,
  capacity: number,
  room: number,
  texts: number,
): { area: ScanArea; end: number } {
  const from = start + MARGIN;
  const out = Math.ceil((from + capacity + MARGIN) / WORD) * WORD;
  const limit = out + room;
  return { area: { from, capacity, out, limit }, end: limit + WORD * (RECORD_HEAD + texts + 1) };
}
