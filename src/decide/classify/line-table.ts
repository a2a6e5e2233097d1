import { LineReader } from './line-reader.ts';
import { inLine, type TextStore } from './text-store.ts';

/** Lines by number: buckets of rows that are chained. Lines stand side by side, so their numbers spread by themselves. */
const BUCKETS = 1024;

/** What is known of the lines that were looked at, a row each; row 0 stands for no line. */
class Rows {
  readonly buckets = new Int32Array(BUCKETS);
  /** The next row in the same bucket. */
  chain = new Int32Array(BUCKETS);
  numbers = new Int32Array(BUCKETS);
  /** Where the line begins and ends in the log. */
  starts = new Float64Array(BUCKETS);
  ends = new Float64Array(BUCKETS);
  /** Where what is shown of it stands in the memory of the reader. */
  from = new Int32Array(BUCKETS);
  to = new Int32Array(BUCKETS);
  states = new Uint8Array(BUCKETS);

  double(): void {
    this.chain = doubled(this.chain);
    this.numbers = doubled(this.numbers);
    this.starts = doubled(this.starts);
    this.ends = doubled(this.ends);
    this.from = doubled(this.from);
    this.to = doubled(this.to);
    this.states = doubled(this.states);
  }
}

function doubled<T extends Int32Array | Float64Array | Uint8Array>(column: T): T {
  const larger = new (column.constructor as new (length: number) => T)(2 * column.length);
  larger.set(column);
  return larger;
}

/** One for all: nothing waits while a table is in use. */
const rows = new Rows();

/** What became of a line: nothing yet, it is shown, or a walk went over it. */
export const LOOKED = 0;
export const TAKEN = 1;
export const PASSED = 2;

/** The lines of a log that were looked at. A line is named by the number of its row; 0 where there is none. */
export class LineTable {
  private readonly store: TextStore;
  private readonly reader: LineReader;
  private used = 1;

  constructor(store: TextStore) {
    this.store = store;
    this.reader = new LineReader(store);
    rows.buckets.fill(0);
  }

  /** Where memory is free behind what is shown of all lines. */
  get free(): number {
    return this.reader.free;
  }

  /** The line with a number, if it was looked at. */
  find(number: number): number {
    let line = rows.buckets[number & (BUCKETS - 1)]!;
    while (line !== 0 && rows.numbers[line] !== number) line = rows.chain[line]!;
    return line;
  }

  /** The line with a number, which stands around a position of the log. */
  at(number: number, offset: number): number {
    const known = this.find(number);
    if (known !== 0) return known;
    const block = this.store.blockAt(offset);
    if (!block) return 0;
    this.reader.readAround(block, inLine(block, offset - block.offset));
    return this.add(number);
  }

  above(line: number): number {
    const number = rows.numbers[line]! - 1;
    const known = this.find(number);
    if (known !== 0) return known;
    const last = rows.starts[line]! - 1;
    const block = this.store.blockAt(last);
    if (!block) return 0;
    this.reader.readAround(block, inLine(block, last - block.offset));
    return this.add(number);
  }

  below(line: number): number {
    const number = rows.numbers[line]! + 1;
    const known = this.find(number);
    if (known !== 0) return known;
    const start = this.store.startBelow(rows.ends[line]!);
    const block = this.store.blockAt(start);
    if (!block) return 0;
    this.reader.readFrom(block, start - block.offset);
    return this.add(number);
  }

  numberOf(line: number): number {
    return rows.numbers[line]!;
  }

  isBlank(line: number): boolean {
    return rows.from[line] === rows.to[line];
  }

  from(line: number): number {
    return rows.from[line]!;
  }

  to(line: number): number {
    return rows.to[line]!;
  }

  isTaken(line: number): boolean {
    return rows.states[line] === TAKEN;
  }

  isPassed(line: number): boolean {
    return rows.states[line] === PASSED;
  }

  take(line: number): void {
    rows.states[line] = TAKEN;
  }

  pass(line: number): void {
    rows.states[line] = PASSED;
  }

  /** The numbers of all lines that are taken and stand below one that is not, ascending. */
  runs(): number[] {
    const firsts: number[] = [];
    for (let line = 1; line < this.used; line++) {
      if (rows.states[line] !== TAKEN) continue;
      const number = rows.numbers[line]!;
      if (rows.states[this.find(number - 1)] !== TAKEN) firsts.push(number);
    }
    return firsts.sort((a, b) => a - b);
  }

  /** A row for the line that was read last. */
  private add(number: number): number {
    if (this.used === rows.numbers.length) rows.double();
    const line = this.used++;
    const bucket = number & (BUCKETS - 1);
    const { reader } = this;
    rows.chain[line] = rows.buckets[bucket]!;
    rows.buckets[bucket] = line;
    rows.numbers[line] = number;
    rows.starts[line] = reader.start;
    rows.ends[line] = reader.end;
    rows.from[line] = reader.from;
    rows.to[line] = reader.to;
    rows.states[line] = LOOKED;
    return line;
  }
}
