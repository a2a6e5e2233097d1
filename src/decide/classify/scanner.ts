import { blockRank } from './block-frequency.ts';

/**
 * Finds which of many fixed texts stand in a buffer without decoding it. Every second position is looked at, three bytes
 * at a time: a text of four bytes or more always has three bytes at an even and three at an odd distance from its start,
 * and of each kind the rarest is what the table knows. The stride does not depend on what was read, so the loop runs at
 * the speed of memory; only a hit in the table costs a comparison.
 */
export interface Scanner {
  /**
   * Reads `bytes` from `from` and stops at the first place where one of the texts stands. To go on behind it, call again
   * with the position plus `STRIDE`; positions of another parity would miss texts that overlap.
   * @returns a position inside that text, with the texts' indices in `found`; -1 when there is none before `to`
   */
  next(bytes: Uint8Array, from: number, to: number): number;
  /** Indices of the texts that the last `next` found; valid until the next call. */
  readonly found: readonly number[];
}

/** A text to look for. */
export interface Literal {
  /** At least four bytes. */
  readonly text: string;
  /** Upper and lower case of ASCII letters are the same; the text is in lower case then. */
  readonly ignoreCase: boolean;
}

export const STRIDE = 2;
/** The filter is one bit a hash: 128 KiB, small enough to stay close to the processor. */
const HASH_BITS = 20;

interface Entry {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Distance from the start of the text to the block that the table knows. */
  readonly at: number;
  readonly ignoreCase: boolean;
}

export function createScanner(literals: readonly Literal[]): Scanner {
  const lists = new Map<number, Entry[]>();
  const texts = literals.map(({ text }) => Uint8Array.from(Buffer.from(text)));
  for (const [id, bytes] of texts.entries()) {
    for (const phase of [0, 1]) {
      const entry: Entry = { id, bytes, at: rarestBlock(bytes, phase), ignoreCase: literals[id]!.ignoreCase };
      for (const block of blocksAt(entry)) lists.set(block, [...(lists.get(block) ?? []), entry]);
    }
  }
  return search(new BlockTable(lists, texts));
}

/** Every value that the four bytes may have; a text that ends after three of them may be followed by anything. */
function blocksAt({ bytes, at, ignoreCase }: Entry): Set<number> {
  let blocks = [0];
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    const choices = byte === undefined ? FOLLOWERS : ignoreCase && isLower(byte) ? [byte, byte - 32] : [byte];
    blocks = blocks.flatMap((block) => choices.map((choice) => block | (choice << (8 * i))));
  }
  return new Set(blocks);
}

const isLower = (byte: number): boolean => byte >= 97 && byte <= 122;
/** Printable ASCII, white space, escape, and the first bytes of the characters that tools like to print. */
const FOLLOWERS = [9, 10, 13, 27, 0xc2, 0xc3, 0xe2, 0xef, 0xf0, ...Array.from({ length: 95 }, (_, i) => i + 32)];

/**
 * From a block of four bytes to the texts that hold it: a filter of bits, then open addressing over exact values, then
 * the texts themselves, all in flat arrays, because following objects costs more than comparing. What is read for
 * nearly every block that passes the filter is kept small and together, so that it stays in the nearest caches.
 */
class BlockTable {
  readonly known = new Uint8Array(1 << (HASH_BITS - 3));
  /** Bits of known blocks together with the byte on one side: most blocks that pass the first filter end here. */
  readonly beside = new Uint8Array(1 << (BESIDE_BITS - 3));
  private readonly mask: number;
  /** Two numbers a slot: the block, and where its entries begin in `entries`, plus one; 0 for an empty slot. */
  private readonly slots: Int32Array;
  /** Four numbers an entry: text, distance, whether case is ignored, whether another entry follows. */
  private readonly entries: Int32Array;
  /** Where each text begins in `bytes`; one more at the end. */
  private readonly offsets: Int32Array;
  private readonly bytes: Uint8Array;

  constructor(lists: ReadonlyMap<number, readonly Entry[]>, texts: readonly Uint8Array[]) {
    this.bytes = Buffer.concat(texts);
    this.offsets = new Int32Array(texts.length + 1);
    for (const [i, text] of texts.entries()) this.offsets[i + 1] = this.offsets[i]! + text.length;
    this.mask = 2 ** Math.ceil(Math.log2(lists.size * 3 + 2)) - 1;
    this.slots = new Int32Array(2 * (this.mask + 1));
    const entries: number[] = [];
    // Both cases of a letter, and whatever follows a short text, lead to the same entries.
    const places = new Map<string, number>();
    for (const [block, list] of lists) {
      const key = list.map(({ id, at }) => `${id}+${at}`).join(' ');
      const place = places.get(key) ?? entries.length;
      this.insert(block, place + 1);
      for (const entry of list) for (const side of sidesOf(entry)) setBit(this.beside, besideHash(block, side));
      if (place < entries.length) continue;
      places.set(key, place);
      for (const [i, entry] of list.entries()) {
        entries.push(entry.id, entry.at, entry.ignoreCase ? 1 : 0, i + 1 < list.length ? 1 : 0);
      }
    }
    this.entries = Int32Array.from(entries);
  }

  private insert(block: number, first: number): void {
    const hash = hashOf(block);
    setBit(this.known, hash);
    let slot = hash & this.mask;
    while (this.slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.mask;
    this.slots[2 * slot] = block;
    this.slots[2 * slot + 1] = first;
  }

  /** Adds to `found` the texts around a block that really stand there. */
  collect(bytes: Uint8Array, at: number, block: number, to: number, found: number[]): void {
    const { slots, mask, entries } = this;
    let slot = hashOf(block) & mask;
    let first = slots[2 * slot + 1]!;
    while (first !== 0 && slots[2 * slot] !== block) {
      slot = (slot + 1) & mask;
      first = slots[2 * slot + 1]!;
    }
    // An empty slot holds 0 as well, which is the block of four NUL bytes.
    for (let entry = first - 1; entry >= 0; entry = entries[entry + 3] === 1 ? entry + 4 : -1) {
      const start = at - entries[entry + 1]!;
      const id = entries[entry]!;
      if (this.matches(bytes, start, id, entries[entry + 2] === 1, to)) found.push(id);
    }
  }

  private matches(bytes: Uint8Array, start: number, id: number, ignoreCase: boolean, to: number): boolean {
    const from = this.offsets[id]!;
    const length = this.offsets[id + 1]! - from;
    if (start < 0 || start + length > to) return false;
    const texts = this.bytes;
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i]!;
      const wanted = texts[from + i]!;
      if (byte !== wanted && (!ignoreCase || byte < 65 || byte > 90 || byte + 32 !== wanted)) return false;
    }
    return true;
  }
}

/** Both cases of the byte behind a block or, where the text ends with it, of the one before; `NEITHER` without both. */
function sidesOf({ bytes, at, ignoreCase }: Entry): readonly number[] {
  const isBehind = at + 4 < bytes.length;
  const byte = isBehind ? bytes[at + 4]! : bytes[at - 1];
  if (byte === undefined) return [NEITHER];
  const cases = ignoreCase && isLower(byte) ? [byte, byte - 32] : [byte];
  return isBehind ? cases : cases.map((each) => each + BEFORE);
}

function setBit(bits: Uint8Array, hash: number): void {
  bits[hash >>> 3]! |= 1 << (hash & 7);
}

/** 2³² divided by the golden ratio: spreads neighbouring values (Knuth, The Art of Computer Programming, 6.4). */
const MULTIPLIER = 0x9e3779b1 | 0;
const hashOf = (block: number): number => Math.imul(block, MULTIPLIER) >>> (32 - HASH_BITS);

const BESIDE_BITS = 18;
const BEFORE = 256;
const NEITHER = 512;
/** Another odd constant, so that blocks with different neighbours do not share their bits. */
const SIDE_MULTIPLIER = 0x85ebca6b | 0;
const besideHash = (block: number, side: number): number =>
  Math.imul(block ^ Math.imul(side + 1, SIDE_MULTIPLIER), MULTIPLIER) >>> (32 - BESIDE_BITS);

/** Bytes by how often they stand in logs, the most frequent first. */
const COMMON = ' etaoinsrldcup0-./m1hg2:3f4b5y67v8w9k_x"';
/** Four bytes where the text has them; only the second half of a text of four bytes has three. */
function rarestBlock(bytes: Uint8Array, phase: number): number {
  let [best, bestCost] = [phase, Number.POSITIVE_INFINITY];
  for (let at = phase; at + 4 <= bytes.length; at += STRIDE) {
    const cost = Math.min(costOf(bytes.subarray(at, at + 3)), costOf(bytes.subarray(at + 1, at + 4)));
    if (cost < bestCost) [best, bestCost] = [at, cost];
  }
  return best;
}

/** How often a block stands in logs, in no particular unit. */
function costOf(block: Uint8Array): number {
  const rank = blockRank(Buffer.from(block).toString('latin1'));
  if (rank !== null) return 1e9 / (rank + 1);
  return block.reduce((product, byte) => product * frequency(byte), 1);
}

function frequency(byte: number): number {
  const rank = COMMON.indexOf(String.fromCharCode(byte));
  return rank < 0 ? 1 : COMMON.length + 1 - rank;
}

function search(table: BlockTable): Scanner {
  const found: number[] = [];
  const { known: filter, beside } = table;
  let viewed: Uint8Array | null = null;
  let view: DataView = new DataView(new ArrayBuffer(0));
  return {
    found,
    next(bytes, from, to) {
      found.length = 0;
      if (bytes !== viewed) {
        viewed = bytes;
        view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }
      const last = to - 3;
      let at = skip(view, filter, from, last);
      for (; at < last; at = skip(view, filter, at + STRIDE, last)) {
        const block = view.getInt32(at, true);
        const behind = besideHash(block, bytes[at + 4]! | 0);
        const before = besideHash(block, (bytes[at - 1]! | 0) + BEFORE);
        const alone = besideHash(block, NEITHER);
        const bits =
          (beside[behind >>> 3]! >>> (behind & 7)) |
          (beside[before >>> 3]! >>> (before & 7)) |
          (beside[alone >>> 3]! >>> (alone & 7));
        if ((bits & 1) === 0) continue;
        table.collect(bytes, at, block, to, found);
        if (found.length > 0) return at;
      }
      // The last three bytes have none behind them; whatever follows, a newline would do.
      if (at === last && at >= 0) {
        const block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (10 << 24);
        table.collect(bytes, at, block, to, found);
        if (found.length > 0) return at;
      }
      return -1;
    },
  };
}

/** The next position whose block may be known; kept apart from all else, so that it compiles to a few instructions. */
function skip(data: DataView, filter: Uint8Array, from: number, last: number): number {
  let at = from;
  while (at < last) {
    const hash = hashOf(data.getInt32(at, true));
    if ((filter[hash >>> 3]! >>> (hash & 7)) & 1) return at;
    at = (at + STRIDE) | 0;
  }
  return at;
}
