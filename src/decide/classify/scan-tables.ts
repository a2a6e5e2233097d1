import type { CharSet } from '../route/pattern-syntax.ts';
import { FREQUENT_PIECES, guessedShare } from './block-frequency.ts';
import type { Context } from './context.ts';

/** A text to look for. */
export interface Literal {
  /** At least four bytes. */
  readonly text: string;
  /** Upper and lower case of ASCII letters are the same; the text is in lower case then. */
  readonly ignoreCase: boolean;
  /** What has to stand beside it. */
  readonly context?: Context;
}

/** The tables that scan.wat reads, as they stand in memory from address 0 on. */
export interface ScanTables {
  readonly image: Uint8Array;
  /** How many texts there are. */
  readonly count: number;
  /** Where there is a number for each text, for the scanner to write. */
  readonly seen: number;
}

const STRIDE = 2;
/** The filter has a word for every hash of a block, and in it a bit for every byte before: 256 KiB. */
const HASH_BITS = 16;
const WORD = 4;
const FILTER = WORD << HASH_BITS;
/** From the hash of a block, without the three lowest bits, to the address of its first entry; 0 where there is none. */
const BUCKET_BITS = 13;
const ENTRIES = FILTER + (WORD << BUCKET_BITS);
/** An entry fills a line of the cache; its fields are those of `writeEntry`. */
const ENTRY_BYTES = 64;

interface Entry {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** The same, a character a byte. */
  readonly text: string;
  /** Distance from the start of the text to the block that the table knows. */
  readonly at: number;
  readonly ignoreCase: boolean;
}

/**
 * From a block of four bytes to the texts that hold it: a filter of bits, then buckets of entries, then the texts
 * themselves, all flat and close together, so that what is read for nearly every block stays in the nearest caches.
 */
export function scanTables(literals: readonly Literal[]): ScanTables {
  const texts = literals.map(({ text }) => Uint8Array.from(Buffer.from(text)));
  const filter = new Filter();
  const { entries, buckets } = bucketsOf(chosenEntries(texts, literals, filter));
  const seen = ENTRIES + entries.length * ENTRY_BYTES;
  const rest = new Rest(seen + WORD * texts.length);
  const places = literals.map(({ context }, id) => ({
    start: rest.add(texts[id]!),
    before: rest.addSets(context?.before ?? []),
    after: rest.addSets(context?.after ?? []),
  }));
  const image = Buffer.alloc(rest.end);
  const words = new Int32Array(image.buffer, image.byteOffset, image.length / WORD);
  words.set(filter.words, 0);
  for (const [bucket, place] of buckets) words[FILTER / WORD + bucket] = ENTRIES + place * ENTRY_BYTES;
  for (const [i, { entry, isLast }] of entries.entries()) {
    writeEntry(image, words, ENTRIES + i * ENTRY_BYTES, { entry, isLast, places: places[entry.id]! });
  }
  rest.write(image);
  return { image, count: texts.length, seen };
}

/** What stands behind the tables of fixed size; what is there already is not written again. */
class Rest {
  end: number;
  private readonly pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  private readonly known = new Map<string, number>();

  constructor(start: number) {
    this.end = start;
  }

  /** @returns the address */
  add(bytes: Uint8Array): number {
    const key = latin1(bytes);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const at = this.end;
    this.known.set(key, at);
    this.pieces.push({ at, bytes });
    this.end = Math.ceil((at + bytes.length) / WORD) * WORD;
    return at;
  }

  /** The addresses of sets, a bit for each byte, and 0 behind the last. @returns the address of the list; 0 for none */
  addSets(sets: readonly CharSet[]): number {
    if (sets.length === 0) return 0;
    const list = Int32Array.from([...sets.map((set) => this.add(bytesIn(set))), 0]);
    return this.add(new Uint8Array(list.buffer));
  }

  write(image: Uint8Array): void {
    for (const { at, bytes } of this.pieces) image.set(bytes, at);
  }
}

function bytesIn({ low, other }: CharSet): Uint8Array {
  const beyond = other === 0 ? 0 : -1;
  return new Uint8Array(Int32Array.from([...low, beyond, beyond, beyond, beyond]).buffer);
}

/** The entries of all buckets one after the other, and where those of each begin. */
function bucketsOf(chosen: readonly Entry[]) {
  const lists = new Map<number, Set<Entry>>();
  for (const entry of chosen) {
    for (const block of blocksAt(entry)) {
      const bucket = hashOf(block) >>> (HASH_BITS - BUCKET_BITS);
      const list = lists.get(bucket);
      if (list) list.add(entry);
      else lists.set(bucket, new Set([entry]));
    }
  }
  const entries: { readonly entry: Entry; readonly isLast: boolean }[] = [];
  const buckets = new Map<number, number>();
  const known = new Map<string, number>();
  for (const [bucket, list] of lists) {
    // Both cases of a letter, and whatever follows a short text, lead to the same entries.
    const key = [...list].map(({ id, at }) => `${id}+${at}`).join(' ');
    const place = known.get(key) ?? entries.length;
    known.set(key, place);
    buckets.set(bucket, place);
    if (place < entries.length) continue;
    for (const [i, entry] of [...list].entries()) entries.push({ entry, isLast: i + 1 === list.size });
  }
  return { entries, buckets };
}

/** Addresses of a text and of what has to stand beside it. */
interface Places {
  readonly start: number;
  readonly before: number;
  readonly after: number;
}

/** What `$stands` reads: the first eight bytes, which bits to set in what it compares them with, and which to look at. */
function writeEntry(
  image: Uint8Array,
  words: Int32Array,
  to: number,
  { entry, isLast, places }: { readonly entry: Entry; readonly isLast: boolean; readonly places: Places },
): void {
  const { id, at, bytes, ignoreCase } = entry;
  const word = to / WORD;
  words[word] = id;
  words[word + 1] = at;
  words[word + 2] = bytes.length;
  words[word + 3] = isLast ? 0 : 1;
  words[word + 4] = places.start;
  words[word + 5] = ignoreCase ? 1 : 0;
  words[word + 12] = places.before;
  words[word + 13] = places.after;
  for (let i = 0; i < Math.min(bytes.length, 8); i++) {
    const byte = bytes[i]!;
    image[to + 24 + i] = byte;
    image[to + 32 + i] = ignoreCase && isLower(byte) ? 32 : 0;
    image[to + 40 + i] = 255;
  }
}

/** 2³² divided by the golden ratio: spreads neighbouring values (Knuth, The Art of Computer Programming, 6.4). */
const MULTIPLIER = 0x9e3779b1 | 0;
const hashOf = (block: number): number => Math.imul(block, MULTIPLIER) >>> (32 - HASH_BITS);

/** The rest of a long text offers nothing better. */
const MAX_CHOICE = 24;

/** For each text, a block at an even and one at an odd distance from its start; those with the least choice come first. */
function chosenEntries(texts: readonly Uint8Array[], literals: readonly Literal[], filter: Filter): Entry[] {
  const choices = texts.flatMap((bytes, id) => {
    const { ignoreCase } = literals[id]!;
    const text = latin1(bytes);
    return Array.from({ length: STRIDE }, (_, phase) => {
      const choice: Entry[] = [];
      const last = Math.min(bytes.length, MAX_CHOICE) - 3;
      for (let at = phase; at <= last; at += STRIDE) choice.push({ id, bytes, text, at, ignoreCase });
      // Before the first byte anything may stand: what costs most to weigh comes last.
      choice.reverse();
      return choice;
    });
  });
  return choices.sort((a, b) => a.length - b.length).map((choice) => filter.addCheapest(choice));
}

/** Which blocks are known, each with the byte before it: most positions of a log end here. */
class Filter {
  readonly words = new Int32Array(1 << HASH_BITS);
  /** How often each bit is asked for, as far as the most frequent pieces tell. */
  private readonly asked = new Map<number, number>();

  constructor() {
    for (const [piece, share] of FREQUENT_PIECES) {
      const bytes = Buffer.from(piece);
      const bit = bitOf(blockOf(bytes, 1), bytes[0]!);
      this.asked.set(bit, (this.asked.get(bit) ?? 0) + share);
    }
  }

  /** Sets the bits of the entry that lets the fewest positions pass besides those that pass already. */
  addCheapest(choice: readonly Entry[]): Entry {
    let [best, bestBits, bestCost] = [choice[0]!, NO_BITS, Number.POSITIVE_INFINITY];
    for (const entry of choice) {
      let cost = guessedShare(entry.text.slice(Math.max(0, entry.at - 1), entry.at + 4));
      if (cost >= bestCost) continue;
      const bits = bitsOf(entry);
      for (const bit of bits) {
        if (((this.words[bit >>> 5]! >>> (bit & 31)) & 1) === 0) cost += (this.asked.get(bit) ?? 0) + COST_OF_BIT;
      }
      if (cost < bestCost) [best, bestBits, bestCost] = [entry, bits, cost];
    }
    for (const bit of bestBits) this.words[bit >>> 5]! |= 1 << (bit & 31);
    return best;
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
/** Each bit lets something pass by chance. */
const COST_OF_BIT = 2e-7;

/** A byte before counts by its five lowest bits, so that both cases of a letter are the same. */
const bitOf = (block: number, before: number): number => hashOf(block) * 32 + (before & 31);

function bitsOf(entry: Entry): readonly number[] {
  const { bytes, at } = entry;
  const before = at > 0 ? [bytes[at - 1]!] : LOW_BITS;
  return blocksAt(entry).flatMap((block) => before.map((byte) => bitOf(block, byte)));
}

/** Four bytes, of the last its five lowest bits; the rest is shifted out. */
const blockOf = (bytes: ArrayLike<number>, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) << 3;

/** Every value that the four bytes may have; a text that ends after three of them may be followed by anything. */
function blocksAt({ bytes, at, ignoreCase }: Entry): number[] {
  const last = bytes[at + 3];
  let blocks = last === undefined ? LOW_BITS.map((bits) => bits << 24) : [last << 24];
  for (let i = 0; i < 3; i++) {
    const byte = bytes[at + i]!;
    const upper = ignoreCase && isLower(byte) ? blocks.map((block) => block | ((byte - 32) << (8 * i))) : [];
    blocks = blocks.map((block) => block | (byte << (8 * i))).concat(upper);
  }
  return blocks.map((block) => block << 3);
}

const isLower = (byte: number): boolean => byte >= 97 && byte <= 122;
const NO_BITS: readonly number[] = [];
const LOW_BITS = Array.from({ length: 32 }, (_, bits) => bits);
