import { plainLine } from './line.ts';
import { KEPT, type LinesMemory, linesMemory, WINDOW, WINDOW_BYTES } from './lines-memory.ts';
import { type Block, lineEnd, lineStart, type TextStore } from './text-store.ts';

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
  /** Where what is shown stands in memory; a newline stands behind it. Nothing of a blank line is shown. */
  from = KEPT;
  to = KEPT;
  private readonly memory: LinesMemory = linesMemory();
  private readonly store: TextStore;
  /** The part of a block that is in memory. */
  private block: Block | null = null;
  private first = 0;
  private last = 0;
  /** Where memory is free behind what is shown of all lines. */
  free = KEPT;

  constructor(store: TextStore) {
    this.store = store;
  }

  /** Reads the line around a position of a block. */
  readAround(block: Block, at: number): void {
    this.read(block, at, false);
  }

  /** Reads the line that begins at a position of a block. */
  readFrom(block: Block, start: number): void {
    this.read(block, start, true);
  }

  private read(block: Block, at: number, isStart: boolean): void {
    this.memory.reserve(this.free + ROOM);
    if (block !== this.block || at < this.first || at >= this.last) this.load(block, at);
    let length = this.look(at, isStart);
    if (!this.isWhole(isStart)) {
      this.load(block, at);
      length = this.look(at, isStart);
      if (!this.isWhole(isStart)) {
        this.start = block.offset + (isStart ? at : lineStart(block.bytes, at));
        this.end = block.offset + lineEnd(block.bytes, at, block.length);
        length = UNDECIDED;
      }
    }
    if (length === UNDECIDED) length = this.decode();
    this.from = this.free;
    this.to = this.free + length;
    if (length > 0) this.free = this.to + 1;
  }

  private look(at: number, isStart: boolean): number {
    const { code, words } = this.memory;
    const address = at - this.first + WINDOW;
    const length = isStart ? code.from(address, this.free) : code.around(address, this.free);
    const moved = this.block!.offset + this.first - WINDOW;
    this.start = words[0]! + moved;
    this.end = words[1]! + moved;
    return length;
  }

  /** Neither end of the line that was looked at was taken for one because the window ends there. */
  private isWhole(isStart: boolean): boolean {
    const { offset, length } = this.block!;
    return (
      (this.end - offset < this.last || this.last === length) &&
      (isStart || this.start - offset > this.first || this.first === 0)
    );
  }

  /** Brings a block into memory; of a large one, what stands around a position. */
  private load(block: Block, at: number): void {
    const { bytes } = this.memory;
    this.block = block;
    this.first = Math.max(0, Math.min(at - WINDOW_BYTES / 2, block.length - WINDOW_BYTES));
    this.last = Math.min(block.length, this.first + WINDOW_BYTES);
    bytes.set(block.bytes.subarray(this.first, this.last), WINDOW);
    bytes[WINDOW - 1] = NEWLINE;
    bytes[WINDOW + this.last - this.first] = NEWLINE;
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
