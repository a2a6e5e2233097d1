import { type LinesMemory, linesMemory } from './lines-memory.ts';

const BEFORE = Buffer.from('… ');
const BEHIND = Buffer.from(' lines cut …\n');
/** What stands around a number, and a number. */
const NOTE_BYTES = 64;

/** Puts lines together in memory, which become text all at once. One at a time: all use the same memory. */
export class Renderer {
  lines = 0;
  private readonly memory: LinesMemory = linesMemory();
  private readonly start: number;
  private end: number;
  /** Lines that stand in memory one behind the other are copied together: those from here on wait. */
  private from = 0;
  private to = 0;

  /** @param free where nothing stands in memory from there on */
  constructor(free: number) {
    this.start = free;
    this.end = free;
  }

  /** A line that stands in memory with its newline behind it. */
  show(from: number, to: number): void {
    if (from !== this.to) {
      this.flush();
      this.from = from;
    }
    this.to = to + 1;
    this.lines++;
  }

  /** Says how many lines were cut. */
  cut(count: number): void {
    this.flush();
    this.memory.reserve(this.end + NOTE_BYTES);
    this.add(BEFORE);
    this.addNumber(count);
    this.add(BEHIND);
    this.lines++;
  }

  text(): string {
    this.flush();
    return this.lines === 0 ? '' : this.memory.bytes.toString('utf8', this.start, this.end - 1);
  }

  private flush(): void {
    const { memory, from, to } = this;
    memory.reserve(this.end + to - from);
    this.end = memory.code.copy(from, to, this.end);
    this.from = 0;
    this.to = 0;
  }

  private add(text: Uint8Array): void {
    const { bytes } = this.memory;
    for (let i = 0; i < text.length; i++) bytes[this.end++] = text[i]!;
  }

  private addNumber(value: number): void {
    const { bytes } = this.memory;
    const digits = String(value);
    for (let i = 0; i < digits.length; i++) bytes[this.end++] = digits.charCodeAt(i);
  }
}
