/**
 * Which of many short texts stand in a text, found in one pass: a pattern that needs one of them need not run where none
 * is. Upper and lower case are the same, and some different characters are taken for each other; "may stand" is certain
 * only when it is denied.
 */
export type Present = (group: number) => boolean;

/** Characters that are compared at once; a shorter anchor stands with every character behind it. */
const GRAM = 4;
const HASH_BITS = 18;
/** 2³² divided by the golden ratio: spreads neighbouring values (Knuth, The Art of Computer Programming, 6.4). */
const MULTIPLIER = 0x9e3779b1 | 0;
const hashOf = (gram: number): number => Math.imul(gram, MULTIPLIER) >>> (32 - HASH_BITS);
/** One value for both cases of a letter, and of a few other characters. */
const fold = (unit: number): number => (unit | 0x20) & 0xff;
const ANY = [...new Set(Array.from({ length: 256 }, (_, unit) => fold(unit)))];
const DIGITS = [...'0123456789'].map((char) => fold(char.charCodeAt(0)));
const HEX = [...'0123456789abcdef'].map((char) => fold(char.charCodeAt(0)));

const filter = new Uint8Array(1 << (HASH_BITS - 3));
const groupsOf = new Map<number, number[]>();
let groups = 0;

/**
 * Registers texts of which one stands in everything that a pattern matches, for the life of the program.
 * @param anchors separated by blanks; of each the first four characters count, three are enough when another one always
 *   follows; `#` is any digit, `%` any hexadecimal one, `+` a blank
 * @returns the group's number, to ask `Present` with
 */
export function anchorGroup(anchors: string): number {
  const group = groups++;
  for (const anchor of anchors.split(' ')) {
    if (anchor.length < GRAM - 1) throw new RangeError(`The anchor ${JSON.stringify(anchor)} is too short.`);
    for (const gram of gramsOf(anchor)) {
      const hash = hashOf(gram);
      filter[hash >>> 3]! |= 1 << (hash & 7);
      const known = groupsOf.get(gram) ?? [];
      if (!known.includes(group)) groupsOf.set(gram, [...known, group]);
    }
  }
  return group;
}

function gramsOf(anchor: string): readonly number[] {
  let grams = [0];
  for (let i = 0; i < GRAM; i++) {
    const choices = choicesOf(anchor[i]);
    grams = grams.flatMap((gram) => choices.map((choice) => (gram << 8) | choice));
  }
  return grams;
}

function choicesOf(char: string | undefined): readonly number[] {
  if (char === undefined) return ANY;
  if (char === '#') return DIGITS;
  if (char === '%') return HEX;
  return [fold(char === '+' ? 32 : char.charCodeAt(0))];
}

/** Looks through a text once. */
export function anchorsIn(text: string): Present {
  const present = new Uint8Array(groups);
  let gram = 0;
  for (let at = 0; at < text.length; at++) {
    gram = (gram << 8) | fold(text.charCodeAt(at));
    const hash = hashOf(gram);
    if (((filter[hash >>> 3]! >>> (hash & 7)) & 1) === 0) continue;
    for (const group of groupsOf.get(gram) ?? []) present[group] = 1;
  }
  return (group) => present[group] === 1;
}
