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
const TABLE_SIZE = 1 << 16;

interface Entry {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Distance from the start of the text to the three bytes that the table knows. */
  readonly at: number;
  readonly ignoreCase: boolean;
}

export function createScanner(literals: readonly Literal[]): Scanner {
  // By block: bit n is set when a byte whose low five bits are n may stand behind the block.
  const followers = new Int32Array(TABLE_SIZE);
  const buckets: (Entry[] | undefined)[] = new Array(TABLE_SIZE);
  for (const [id, { text, ignoreCase }] of literals.entries()) {
    const bytes = Uint8Array.from(Buffer.from(text));
    for (const phase of [0, 1]) {
      const entry: Entry = { id, bytes, at: rarestBlock(bytes, phase), ignoreCase };
      const follower = bytes[entry.at + 3];
      for (const key of keysAt(bytes, entry.at, ignoreCase)) {
        followers[key]! |= follower === undefined ? -1 : 1 << (follower & 31);
        buckets[key] = [...(buckets[key] ?? []), entry];
      }
    }
  }
  return search(followers, buckets);
}

const keyOf = (a: number, b: number, c: number): number => ((a << 9) ^ (b << 5) ^ c) & (TABLE_SIZE - 1);

function keysAt(bytes: Uint8Array, at: number, ignoreCase: boolean): Set<number> {
  const [a, b, c] = [0, 1, 2].map((i) => variants(bytes[at + i]!, ignoreCase));
  return new Set(a!.flatMap((x) => b!.flatMap((y) => c!.map((z) => keyOf(x, y, z)))));
}

const isLower = (byte: number): boolean => byte >= 97 && byte <= 122;
const variants = (byte: number, ignoreCase: boolean): number[] =>
  ignoreCase && isLower(byte) ? [byte, byte - 32] : [byte];

/** Bytes by how often they stand in logs, the most frequent first. */
const COMMON = ' etaoinsrldcup0-./m1hg2:3f4b5y67v8w9k_x"';
function rarestBlock(bytes: Uint8Array, phase: number): number {
  let [best, bestCost] = [phase, Number.POSITIVE_INFINITY];
  for (let at = phase; at + 3 <= bytes.length; at += STRIDE) {
    const cost = costOf(bytes.subarray(at, at + 3));
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

function search(followers: Int32Array, buckets: readonly (readonly Entry[] | undefined)[]): Scanner {
  const found: number[] = [];
  const collect = (bytes: Uint8Array, at: number, key: number, to: number): boolean => {
    for (const entry of buckets[key] ?? []) if (matches(bytes, at - entry.at, entry, to)) found.push(entry.id);
    return found.length > 0;
  };
  return {
    found,
    next(bytes, from, to) {
      found.length = 0;
      let at = from;
      for (const last = to - 3; at < last; at += STRIDE) {
        const key = ((bytes[at]! << 9) ^ (bytes[at + 1]! << 5) ^ bytes[at + 2]!) & 0xffff;
        if ((followers[key]! & (1 << (bytes[at + 3]! & 31))) === 0) continue;
        if (collect(bytes, at, key, to)) return at;
      }
      // The last block has no byte behind it.
      if (at === to - 3 && at >= 0) {
        const key = keyOf(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!);
        if (collect(bytes, at, key, to)) return at;
      }
      return -1;
    },
  };
}

function matches(bytes: Uint8Array, start: number, entry: Entry, to: number): boolean {
  const text = entry.bytes;
  if (start < 0 || start + text.length > to) return false;
  if (entry.ignoreCase) {
    for (let i = 0; i < text.length; i++) {
      const byte = bytes[start + i]!;
      if (byte !== text[i] && (byte < 65 || byte > 90 || byte + 32 !== text[i])) return false;
    }
    return true;
  }
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}
