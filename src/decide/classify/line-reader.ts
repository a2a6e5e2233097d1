import { plainLine } from './line.ts';
import { KEPT, type LinesMemory, linesMemory, WINDOW, WINDOW_BYTES } from './lines-memory.ts';
import type { TextStore } from './text-store.ts';

/** Characters of one line that are shown. */
const LINE_LIMIT = 400;
const READ_LIMIT = 1024;
/** What a line may take: three bytes a character, and what is written beyond. */
const ROOM = 4 * LINE_LIMIT;
const NEWLINE = 10;
/** What lines.wat answers when it takes decoding to tell what to show. */
const UNDECIDED = -1;

/**
 * Reads single lines of a log and keeps what a person wants to see of them, without colours and the time stamp in front, as
 * `plainLine` says. The fields tell about the line that was read last. One at a time: all use the same memory.
 */
export class LineReader {
  /** Where the line begins and ends in the log; its line break stands at `end`. */
  start = 0;
  end = 0;
  /** Where the line below begins if there is one. */
  next = 0;
  /** Where what is shown stands in memory; a newline stands behind it. Nothing of a blank line is shown. */
  from = KEPT;
  to = KEPT;
  /** Where memory is free behind what is shown of all lines. */
  free = KEPT;
  private readonly memory: LinesMemory = linesMemory();
  private readonly store: TextStore;
  /** The part of the log that is in memory, and whether its block begins and ends with it. */
  private first = 0;
  private last = 0;
  private isHead = false;
  private isTail = false;

  constructor(store: TextStore) {
    this.store = store;
  }

  /**
   * Reads the line around a position of the log, or the one that begins there.
   * @returns false when that part was dropped or does not exist
   */
  read(position: number, isStart: boolean): boolean {
    if ((position < this.first || position >= this.last) && !this.load(position)) return false;
    this.memory.reserve(this.free + ROOM);
    let length = this.look(position, isStart);
    if (!this.isWhole(isStart)) {
      this.load(position);
      length = this.look(position, isStart);
      if (!this.isWhole(isStart)) length = this.measure(position, isStart);
    }
    if (length === UNDECIDED) length = this.decode();
    this.from = this.free;
    this.to = this.free + length;
    if (length > 0) this.free = this.to + 1;
    return true;
  }

  private look(position: number, isStart: boolean): number {
    const { code, words } = this.memory;
    const moved = this.first - WINDOW;
    const length = isStart ? code.from(position - moved, this.free) : code.around(position - moved, this.free);
    this.start = words[0]! + moved;
    this.end = words[1]! + moved;
    // What stands behind the window may belong to the break.
    this.next = this.end < this.last - 1 ? words[2]! + moved : this.store.startBelow(this.end);
    return length;
  }

  /** Neither end of the line that was looked at was taken for one because the window ends there. */
  private isWhole(isStart: boolean): boolean {
    return (this.end < this.last || this.isTail) && (isStart || this.start > this.first || this.isHead);
  }

  /** Finds the ends of a line that is longer than what is in memory. */
  private measure(position: number, isStart: boolean): number {
    const line = this.store.lineAt(position)!;
    this.start = isStart ? position : line.start;
    this.end = line.end;
    this.next = this.store.startBelow(line.end);
    return UNDECIDED;
  }

  /** Brings a block into memory; of a large one, what stands around a position. */
  private load(position: number): boolean {
    const block = this.store.blockAt(position);
    if (!block) return false;
    const { bytes } = this.memory;
    const from = Math.max(0, Math.min(position - block.offset - WINDOW_BYTES / 2, block.length - WINDOW_BYTES));
    const to = Math.min(block.length, from + WINDOW_BYTES);
    bytes.set(block.bytes.subarray(from, to), WINDOW);
    bytes[WINDOW - 1] = NEWLINE;
    bytes[WINDOW + to - from] = NEWLINE;
    this.first = block.offset + from;
    this.last = block.offset + to;
    this.isHead = from === 0;
    this.isTail = to === block.length;
    return true;
  }

  private decode(): number {
    const text = plainLine(this.store.read(this, READ_LIMIT));
    if (text === '') return 0;
    const { bytes } = this.memory;
    const length = bytes.write(text.length > LINE_LIMIT ? `${text.slice(0, LINE_LIMIT)}…` : text, this.free);
    bytes[this.free + length] = NEWLINE;
    return length;
  }
}
