import { blockRank } from './block-frequency.ts';

/** A text to look for. */
export interface Literal {
  /** At least four bytes. */
  readonly text: string;
  /** Upper and lower case of ASCII letters are the same; the text is in lower case then. */
  readonly ignoreCase: boolean;
}

/** The tables that scan.wat reads, as they stand in memory from address 0 on, and where each begins. */
export interface ScanTables {
  readonly image: Uint8Array;
  /** How many texts there are. */
  readonly count: number;
  /** From a block to its first entry: two numbers a slot, the block and an address; 0 for an empty slot. */
  readonly slots: number;
  /** Number of slots minus one, which is a power of two minus one. */
  readonly mask: number;
  /** Four numbers an entry: text, distance of the block from its start, whether case is ignored, whether one follows. */
  readonly entries: number;
  /** Where each text begins in `texts`; one more at the end. */
  readonly offsets: number;
  readonly texts: number;
  /** A number for each text, for the scanner to write. */
  readonly seen: number;
}

const STRIDE = 2;
/** The filter of known blocks has one bit a hash: 128 KiB, small enough to stay close to the processor. */
const HASH_BITS = 20;
/** The filter of blocks with a neighbour: most blocks that pass the first end here. */
const BESIDE_BITS = 18;
const BESIDE = 1 << (HASH_BITS - 3);
const TABLES = BESIDE + (1 << (BESIDE_BITS - 3));
const WORD = 4;

interface Entry {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Distance from the start of the text to the block that the table knows. */
  readonly at: number;
  readonly ignoreCase: boolean;
}

/**
 * From a block of four bytes to the texts that hold it: filters of bits, then open addressing over exact values, then the
 * texts themselves, all flat and close together, so that what is read for nearly every block stays in the nearest caches.
 */
export function scanTables(literals: readonly Literal[]): ScanTables {
  const texts = literals.map(({ text }) => Uint8Array.from(Buffer.from(text)));
  const lists = new Map<number, Entry[]>();
  for (const [id, bytes] of texts.entries()) {
    for (const phase of [0, 1]) {
      const entry: Entry = { id, bytes, at: rarestBlock(bytes, phase), ignoreCase: literals[id]!.ignoreCase };
      for (const block of blocksAt(entry)) {
        const list = lists.get(block);
        if (list) list.push(entry);
        else lists.set(block, [entry]);
      }
    }
  }
  const { entries, places } = entriesOf(lists);
  const size = 2 ** Math.ceil(Math.log2(lists.size * 1.5 + 2));
  const at = layOut({ slots: 2 * WORD * size, entries: entries.length * WORD }, texts);
  const image = new Uint8Array(at.end);
  const words = new Int32Array(image.buffer);
  for (const [block, list] of lists) {
    insert({ image, words, slots: at.slots / WORD, mask: size - 1 }, block, at.entries + places.get(block)! * WORD);
    for (const entry of list) for (const side of sidesOf(entry)) setBit(image, BESIDE, besideHash(block, side));
  }
  words.set(entries, at.entries / WORD);
  for (let i = 0, from = 0; i < texts.length; i++) {
    image.set(texts[i]!, at.texts + from);
    from += texts[i]!.length;
    words[at.offsets / WORD + i + 1] = from;
  }
  return { image, count: texts.length, mask: size - 1, ...at };
}

function layOut(bytes: { readonly slots: number; readonly entries: number }, texts: readonly Uint8Array[]) {
  const slots = TABLES;
  const entries = slots + bytes.slots;
  const offsets = entries + bytes.entries;
  const seen = offsets + WORD * (texts.length + 1);
  const start = seen + WORD * texts.length;
  const end = start + texts.reduce((sum, text) => sum + text.length, 0);
  return { slots, entries, offsets, seen, texts: start, end: Math.ceil(end / WORD) * WORD };
}

/** All entries, and where those of each block begin: both cases of a letter, and whatever follows a short text, lead to the same. */
function entriesOf(lists: ReadonlyMap<number, readonly Entry[]>): { entries: number[]; places: Map<number, number> } {
  const entries: number[] = [];
  const places = new Map<number, number>();
  const known = new Map<string, number>();
  for (const [block, list] of lists) {
    const key = list.map(({ id, at }) => `${id}+${at}`).join(' ');
    const place = known.get(key) ?? entries.length;
    places.set(block, place);
    if (place < entries.length) continue;
    known.set(key, place);
    for (const [i, { id, at, ignoreCase }] of list.entries()) {
      entries.push(id, at, ignoreCase ? 1 : 0, i + 1 < list.length ? 1 : 0);
    }
  }
  return { entries, places };
}

interface Slots {
  readonly image: Uint8Array;
  readonly words: Int32Array;
  readonly slots: number;
  readonly mask: number;
}

function insert({ image, words, slots, mask }: Slots, block: number, entry: number): void {
  const hash = Math.imul(block, MULTIPLIER) >>> (32 - HASH_BITS);
  setBit(image, 0, hash);
  let slot = hash & mask;
  while (words[slots + 2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  words[slots + 2 * slot] = block;
  words[slots + 2 * slot + 1] = entry;
}

function setBit(image: Uint8Array, from: number, hash: number): void {
  image[from + (hash >>> 3)]! |= 1 << (hash & 7);
}

/** 2³² divided by the golden ratio: spreads neighbouring values (Knuth, The Art of Computer Programming, 6.4). */
const MULTIPLIER = 0x9e3779b1 | 0;
/** Another odd constant, so that blocks with different neighbours do not share their bits. */
const SIDE_MULTIPLIER = 0x85ebca6b | 0;
const BEFORE = 256;
const NEITHER = 512;

const besideHash = (block: number, side: number): number =>
  Math.imul(block ^ Math.imul(side + 1, SIDE_MULTIPLIER), MULTIPLIER) >>> (32 - BESIDE_BITS);

/** Both cases of the byte behind a block or, where the text ends with it, of the one before; `NEITHER` without both. */
function sidesOf({ bytes, at, ignoreCase }: Entry): readonly number[] {
  const isBehind = at + 4 < bytes.length;
  const byte = isBehind ? bytes[at + 4]! : bytes[at - 1];
  if (byte === undefined) return [NEITHER];
  const cases = ignoreCase && isLower(byte) ? [byte, byte - 32] : [byte];
  return isBehind ? cases : cases.map((each) => each + BEFORE);
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
