import { LineReader } from './line-reader.ts';
import type { TextStore } from './text-store.ts';

/** Lines by number: buckets of rows that are chained. Lines stand side by side, so their numbers spread by themselves. */
const BUCKETS = 1024;

/* What is known of a line: where each of it stands in its row. */
/** The next row in the same bucket. */
const CHAIN = 0;
const NUMBER = 1;
/** The lines above and below, if they were looked at. */
const ABOVE = 2;
const BELOW = 3;
/** Where what is shown of it stands in the memory of the reader. */
const FROM = 4;
const TO = 5;
const STATE = 6;
const WIDTH = 8;

/** What became of a line: nothing yet, it is shown, or a walk went over it. */
const LOOKED = 0;
const TAKEN = 1;
const PASSED = 2;

/** One for all: nothing waits while a table is in use. The first row stands for no line. */
const rows = {
  buckets: new Int32Array(BUCKETS),
  cells: new Int32Array(WIDTH * BUCKETS),
  /** Two numbers a row: where the line begins in the log, and where the one below it does. */
  places: new Float64Array(2 * BUCKETS),
};

function makeRoom(): void {
  const { cells, places } = rows;
  rows.cells = new Int32Array(2 * cells.length);
  rows.cells.set(cells);
  rows.places = new Float64Array(2 * places.length);
  rows.places.set(places);
}

/** The lines of a log that were looked at. A line is named by where its row begins; 0 where there is none. */
export class LineTable {
  private readonly reader: LineReader;
  private used = WIDTH;

  constructor(store: TextStore) {
    this.reader = new LineReader(store);
    rows.buckets.fill(0);
  }

  /** Where memory is free behind what is shown of all lines. */
  get free(): number {
    return this.reader.free;
  }

  /** The line with a number, if it was looked at. */
  find(number: number): number {
    const { buckets, cells } = rows;
    let line = buckets[number & (BUCKETS - 1)]!;
    while (line !== 0 && cells[line + NUMBER] !== number) line = cells[line + CHAIN]!;
    return line;
  }

  /** The line with a number, which stands around a position of the log. */
  at(number: number, position: number): number {
    return this.find(number) || this.look(number, position, false);
  }

  above(line: number): number {
    const { cells, places } = rows;
    return cells[line + ABOVE]! || this.look(cells[line + NUMBER]! - 1, places[startOf(line)]! - 1, false);
  }

  below(line: number): number {
    const { cells, places } = rows;
    return cells[line + BELOW]! || this.look(cells[line + NUMBER]! + 1, places[startOf(line) + 1]!, true);
  }

  /** The line below if it was looked at. */
  knownBelow(line: number): number {
    return rows.cells[line + BELOW]!;
  }

  numberOf(line: number): number {
    return rows.cells[line + NUMBER]!;
  }

  isBlank(line: number): boolean {
    return rows.cells[line + FROM] === rows.cells[line + TO];
  }

  from(line: number): number {
    return rows.cells[line + FROM]!;
  }

  to(line: number): number {
    return rows.cells[line + TO]!;
  }

  /** The line stands beside one that is taken. */
  isBesideTaken(line: number): boolean {
    return this.isTaken(rows.cells[line + ABOVE]!) || this.isTaken(rows.cells[line + BELOW]!);
  }

  isTaken(line: number): boolean {
    return rows.cells[line + STATE] === TAKEN;
  }

  isPassed(line: number): boolean {
    return rows.cells[line + STATE] === PASSED;
  }

  take(line: number): void {
    rows.cells[line + STATE] = TAKEN;
  }

  pass(line: number): void {
    rows.cells[line + STATE] = PASSED;
  }

  /** All lines that are taken and stand below one that is not, the first of the log first. */
  runs(): number[] {
    const { cells } = rows;
    const firsts: number[] = [];
    for (let line = WIDTH; line < this.used; line += WIDTH) {
      if (this.isTaken(line) && !this.isTaken(cells[line + ABOVE]!)) firsts.push(line);
    }
    return firsts.sort((a, b) => cells[a + NUMBER]! - cells[b + NUMBER]!);
  }

  private look(number: number, position: number, isStart: boolean): number {
    return this.reader.read(position, isStart) ? this.add(number) : 0;
  }

  /** A row for the line that was read last. */
  private add(number: number): number {
    if (this.used === rows.cells.length) makeRoom();
    const { buckets, cells, places } = rows;
    const { reader } = this;
    const line = this.used;
    const above = this.find(number - 1);
    const below = this.find(number + 1);
    const bucket = number & (BUCKETS - 1);
    this.used += WIDTH;
    cells[line + CHAIN] = buckets[bucket]!;
    cells[line + NUMBER] = number;
    cells[line + ABOVE] = above;
    cells[line + BELOW] = below;
    cells[line + FROM] = reader.from;
    cells[line + TO] = reader.to;
    cells[line + STATE] = LOOKED;
    places[startOf(line)] = reader.start;
    places[startOf(line) + 1] = reader.next;
    cells[above + BELOW] = line;
    cells[below + ABOVE] = line;
    buckets[bucket] = line;
    return line;
  }
}

const startOf = (line: number): number => (2 * line) / WIDTH;
