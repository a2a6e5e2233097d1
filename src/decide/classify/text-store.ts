/**
 * The parts of a log that are still at hand. A log in memory is one block and never leaves; a streamed log keeps the
 * blocks in which something was found, and the latest ones, within a fixed budget.
 */
export interface Block {
  readonly bytes: Buffer;
  /** Position of `bytes[0]` in the whole log. */
  readonly offset: number;
  /** How many bytes of `bytes` belong to the block. */
  length: number;
  /** The weight of the best find inside. */
  priority: number;
}

/** 128 KiB of new bytes and room for an unfinished line in front. */
export const BLOCK_BYTES = 128 * 1024;
export const CARRY_BYTES = 64 * 1024;
/** 9 MiB at most. */
const MAX_BLOCKS = 48;
/** The latest blocks stay whatever is in them: the end of a log is where people look. */
const LATEST = 8;

export class TextStore {
  private blocks: Block[] = [];

  /** A buffer for the next block of a streamed log, taken from the least interesting block when the budget is spent. */
  take(): Buffer {
    if (this.blocks.length < MAX_BLOCKS) return Buffer.allocUnsafeSlow(BLOCK_BYTES + CARRY_BYTES);
    let worst = 1;
    for (let i = 1; i < this.blocks.length - LATEST; i++) {
      if (this.blocks[i]!.priority <= this.blocks[worst]!.priority) worst = i;
    }
    const [evicted] = this.blocks.splice(worst, 1);
    return evicted!.bytes;
  }

  add(block: Block): void {
    this.blocks.push(block);
  }

  /** The line around `offset`; null when that part was dropped. */
  lineAt(offset: number): Line | null {
    const block = this.blockAt(offset);
    if (!block) return null;
    const at = inLine(block, offset - block.offset);
    const start = lineStart(block.bytes, at);
    const end = lineEnd(block.bytes, at, block.length);
    return { start: block.offset + start, end: block.offset + end };
  }

  /** At most `limit` bytes of a line, decoded. */
  read(line: Line, limit: number): string {
    const block = this.blockAt(line.start);
    if (!block) return '';
    const from = line.start - block.offset;
    return block.bytes.toString('utf8', from, Math.min(line.end - block.offset, from + limit));
  }

  previous(line: Line): Line | null {
    const last = line.start - 1;
    const block = this.blockAt(last);
    if (!block) return null;
    const at = last - block.offset;
    const end = isLineBreak(block.bytes[at]!) ? inLine(block, at) : at + 1;
    return { start: block.offset + lineStart(block.bytes, end), end: block.offset + end };
  }

  next(line: Line): Line | null {
    const start = this.startBelow(line.end);
    const block = this.blockAt(start);
    return block ? { start, end: block.offset + lineEnd(block.bytes, start - block.offset, block.length) } : null;
  }

  /** Where the line below one begins that ends at `end`, if there is one; right there when a line without end was cut. */
  startBelow(end: number): number {
    const block = this.blockAt(end);
    if (!block) return end + 1;
    const at = end - block.offset;
    if (!isLineBreak(block.bytes[at]!)) return end;
    return end + (block.bytes[at] === 13 && block.bytes[at + 1] === 10 ? 2 : 1);
  }

  /** The part of the log that holds a position; null when it was dropped. */
  blockAt(offset: number): Block | null {
    if (offset < 0) return null;
    if (this.blocks.length === 1) return offset < this.blocks[0]!.length ? this.blocks[0]! : null;
    let [low, high] = [0, this.blocks.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const block = this.blocks[middle]!;
      if (offset < block.offset) high = middle - 1;
      else if (offset >= block.offset + block.length) low = middle + 1;
      else return block;
    }
    return null;
  }
}

export interface Line {
  readonly start: number;
  readonly end: number;
}

/*
 * A line ends with a newline, a carriage return, or both: progress output overwrites itself with bare carriage returns,
 * and what it wrote last is often the error.
 */

const isLineBreak = (byte: number): boolean => byte === 10 || byte === 13;

/** The newline of a pair belongs to the line that the carriage return ends. */
function inLine({ bytes }: Block, at: number): number {
  return bytes[at] === 10 && at > 0 && bytes[at - 1] === 13 ? at - 1 : at;
}

function lineStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && !isLineBreak(bytes[start - 1]!)) start--;
  return start;
}

function lineEnd(bytes: Uint8Array, at: number, length: number): number {
  let end = at;
  while (end < length && !isLineBreak(bytes[end]!)) end++;
  return end;
}
