/**
 * Finds which of many fixed texts stand in a buffer, ignoring ASCII case, without decoding it: Wu and Manber's
 * algorithm (1994) over three-byte blocks. Most bytes are skipped; cost is linear in the buffer for honest input and
 * bounded by the number of texts that end alike for hostile input.
 */
export interface Scanner {
  /**
   * Reads `bytes` from `from` and stops behind the first position where one of the texts begins.
   * @returns the position, with the texts' indices in `found`; -1 when there is none before `to`
   */
  next(bytes: Uint8Array, from: number, to: number): number;
  /** Indices of the texts that the last `next` found; valid until the next call. */
  readonly found: readonly number[];
}

/** Five bits of each of three bytes: folds the case of letters for free. */
const TABLE_SIZE = 1 << 15;

const FOLD = new Uint8Array(256).map((_, code) => (code >= 65 && code <= 90 ? code + 32 : code));

interface Entry {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Where the window that is looked up begins inside the text. */
  readonly window: number;
}

/** @param texts lower-case texts of at least `MIN_LITERAL_LENGTH` bytes */
export function createScanner(texts: readonly string[]): Scanner {
  const all = texts.map((text) => Uint8Array.from(Buffer.from(text)));
  const width = Math.min(12, ...all.map((bytes) => bytes.length));
  const shifts = new Uint8Array(TABLE_SIZE).fill(Math.max(1, width - 2));
  const buckets: (Entry[] | undefined)[] = new Array(TABLE_SIZE);
  for (const [id, bytes] of all.entries()) {
    const window = rarestWindow(bytes, width);
    for (let i = 0; i + 3 <= width; i++) {
      const key = blockKey(bytes, window + i);
      shifts[key] = Math.min(shifts[key]!, width - 3 - i);
    }
    const key = blockKey(bytes, window + width - 3);
    buckets[key] = [...(buckets[key] ?? []), { id, bytes, window }];
  }
  return search(shifts, buckets, width);
}

const blockKey = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! & 31) << 10) | ((bytes[at + 1]! & 31) << 5) | (bytes[at + 2]! & 31);

/** Letters by how often they stand in text; looking up rare ones means fewer false alarms. */
const COMMON = ' etaoinsrldcupmhgb.-/:0123456789';

function rarestWindow(bytes: Uint8Array, width: number): number {
  const cost = (byte: number): number => {
    const rank = COMMON.indexOf(String.fromCharCode(byte));
    return rank < 0 ? 0 : COMMON.length - rank;
  };
  let [best, bestCost] = [0, Number.POSITIVE_INFINITY];
  for (let start = 0; start + width <= bytes.length; start++) {
    const end = start + width;
    const total = cost(bytes[end - 1]!) + cost(bytes[end - 2]!) + cost(bytes[end - 3]!);
    if (total < bestCost) [best, bestCost] = [start, total];
  }
  return best;
}

function search(shifts: Uint8Array, buckets: readonly (readonly Entry[] | undefined)[], width: number): Scanner {
  const found: number[] = [];
  return {
    found,
    next(bytes, from, to) {
      found.length = 0;
      let at = from + width - 1;
      while (at < to) {
        const key = ((bytes[at - 2]! & 31) << 10) | ((bytes[at - 1]! & 31) << 5) | (bytes[at]! & 31);
        const shift = shifts[key]!;
        if (shift !== 0) {
          at += shift;
          continue;
        }
        const bucket = buckets[key];
        if (bucket !== undefined) {
          const start = at - width + 1;
          for (const entry of bucket) if (matches(bytes, start - entry.window, entry.bytes, to)) found.push(entry.id);
          if (found.length > 0) return start;
        }
        at++;
      }
      return -1;
    },
  };
}

function matches(bytes: Uint8Array, start: number, text: Uint8Array, to: number): boolean {
  if (start < 0 || start + text.length > to) return false;
  for (let i = 0; i < text.length; i++) if (FOLD[bytes[start + i]!] !== text[i]) return false;
  return true;
}
