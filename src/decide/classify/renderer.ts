import { type LinesMemory, linesMemory } from './lines-memory.ts';

/** Puts lines together in memory, which become text all at once. One at a time: all use the same memory. */
export class Renderer {
  lines = 0;
  private readonly memory: LinesMemory = linesMemory();
  private readonly start: number;
  private end: number;

  /** @param free where nothing stands in memory from there on */
  constructor(free: number) {
    this.start = free;
    this.end = free;
  }

  /** A line that stands in memory. */
  show(from: number, to: number): void {
    const { memory } = this;
    memory.reserve(this.end + to - from + 1);
    this.end = memory.code.copy(from, to + 1, this.end);
    this.lines++;
  }

  say(text: string): void {
    const { memory } = this;
    memory.reserve(this.end + 3 * text.length + 1);
    this.end += memory.bytes.write(`${text}\n`, this.end);
    this.lines++;
  }

  text(): string {
    return this.lines === 0 ? '' : this.memory.bytes.toString('utf8', this.start, this.end - 1);
  }
}
