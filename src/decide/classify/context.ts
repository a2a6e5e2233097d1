import type { ParsedPattern, Syntax } from '../route/pattern-syntax.ts';
import {
  type CharSet,
  foldedSet,
  isWord,
  NON_ASCII,
  parsePattern,
  setOf,
  setOfChar,
  union,
} from '../route/pattern-syntax.ts';

/**
 * What has to stand beside a text, so that the scanner can pass over lines in which it cannot belong to a match: the sets
 * of characters directly before it, the nearest first, and of those behind it.
 */
export interface Context {
  readonly before: readonly CharSet[];
  readonly after: readonly CharSet[];
}

export const ANY_CONTEXT: Context = { before: [], after: [] };

/** A pattern without its choices: what stands one after the other. */
type Atom =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'set'; readonly set: CharSet; readonly min: number; readonly max: number }
  | { readonly kind: 'start' | 'end' | 'boundary' | 'unknown' };
type Branch = readonly Atom[];

/** So many characters on each side tell nearly all that can be told. */
const REACH = 4;
/** A pattern of more branches is left alone. */
const MAX_BRANCHES = 400;

const ANYTHING = setOf(() => true, NON_ASCII);
/** Lines are looked at without the space at their end. */
const LINE_END = setOf((code) => code === 32 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31), NON_ASCII);
/**
 * The last characters of everything that `cleanLine` takes away in front of a text, and of the line before: times end with
 * a digit, a `Z` or a bracket; names and markers with a bracket, a bar or a blank; a mark of byte order is not ASCII.
 */
const LINE_START = setOf((code) => '\n\r\t )]Z+|0123456789'.includes(String.fromCharCode(code)), NON_ASCII);
const WORD = setOf(isWord, NON_ASCII);
const NON_WORD = setOf((code) => !isWord(code), NON_ASCII);

/**
 * The context of each of the texts of a pattern, of which one stands in every match. Every way through the pattern is
 * followed to one of them; a text that several ways lead to has whatever any of them asks for.
 * @returns nothing for a text beside which anything may stand, and for all when one way leads past them
 */
export function contextsOf(source: string, texts: readonly string[]): ReadonlyMap<string, Context> {
  const parsed = parsePattern(source);
  const contexts = new Map<string, Context>();
  const branches = branchesOf(parsed.syntax);
  if (branches === null) return contexts;
  for (const branch of branches) {
    const place = narrowest(branch, texts, parsed);
    if (place === null) return new Map();
    const known = contexts.get(place.text);
    contexts.set(place.text, known ? eitherOf(known, place.context) : place.context);
  }
  return contexts;
}

function eitherOf(a: Context, b: Context): Context {
  const either = (p: readonly CharSet[], q: readonly CharSet[]) =>
    p.slice(0, q.length).map((set, i) => union(set, q[i]!));
  return { before: either(a.before, b.before), after: either(a.after, b.after) };
}

/** Every way through a pattern; null when there are too many. */
function branchesOf(syntax: Syntax): readonly Branch[] | null {
  switch (syntax.kind) {
    case 'char':
      return [[syntax]];
    case 'set':
      return [[{ kind: 'set', set: syntax.set, min: 1, max: 1 }]];
    case 'choice': {
      const parts = syntax.items.map(branchesOf);
      return parts.some((part) => part === null) ? null : few(parts.flatMap((part) => part ?? []));
    }
    case 'sequence':
      return inARow(syntax.items);
    case 'repeat':
      return repeated(syntax);
    case 'boundary':
      return [[{ kind: syntax.isNegated ? 'unknown' : 'boundary' }]];
    default:
      return [[{ kind: syntax.kind }]];
  }
}

function inARow(items: readonly Syntax[]): readonly Branch[] | null {
  let branches: Atom[][] = [[]];
  for (const item of items) {
    const next = branchesOf(item);
    if (!next || branches.length * next.length > MAX_BRANCHES) return null;
    if (next.length === 1) for (const branch of branches) branch.push(...next[0]!);
    else branches = branches.flatMap((first) => next.map((second) => [...first, ...second]));
  }
  return branches;
}

const few = (branches: readonly Branch[]): readonly Branch[] | null =>
  branches.length > MAX_BRANCHES ? null : branches;

function repeated({ item, min, max }: Syntax & { readonly kind: 'repeat' }): readonly Branch[] | null {
  if (min === 0 && max === 1) {
    const inner = branchesOf(item);
    return inner && few([[], ...inner]);
  }
  if (item.kind === 'set') return [[{ kind: 'set', set: item.set, min, max }]];
  if (item.kind === 'char') return [[{ kind: 'set', set: setOfChar(item.char), min, max }]];
  return [[{ kind: 'unknown' }]];
}

interface Place {
  readonly text: string;
  readonly context: Context;
}

/** Where in a branch one of the texts stands, with the context that fits the least; null when none does. */
function narrowest(branch: Branch, texts: readonly string[], { ignoreCase }: ParsedPattern): Place | null {
  let best: Place | null = null;
  let leastRoom = Number.POSITIVE_INFINITY;
  for (const run of runsIn(branch, ignoreCase)) {
    for (const text of texts) {
      for (let at = run.text.indexOf(text); at >= 0; at = run.text.indexOf(text, at + 1)) {
        const from = run.from + [...run.text.slice(0, at)].length;
        const before = beside(branch.slice(0, from).reverse(), LINE_START, text.charCodeAt(0), ignoreCase);
        const rest = branch.slice(from + [...text].length);
        const after = beside(rest, LINE_END, text.charCodeAt(text.length - 1), ignoreCase);
        const room = roomOf(before) + roomOf(after);
        if (room < leastRoom) [best, leastRoom] = [{ text, context: { before, after } }, room];
      }
    }
  }
  return best;
}

/** The texts of certain characters in a branch, and which atom each begins with. */
function runsIn(branch: Branch, ignoreCase: boolean): { readonly from: number; readonly text: string }[] {
  const runs: { from: number; text: string }[] = [];
  let run: { from: number; text: string } | null = null;
  for (const [at, atom] of branch.entries()) {
    const char = atom.kind !== 'char' ? '' : ignoreCase ? atom.char.toLowerCase() : atom.char;
    if (atom.kind !== 'char' || char.length !== atom.char.length) run = null;
    else if (run !== null) run.text += char;
    else {
      run = { from: at, text: char };
      runs.push(run);
    }
  }
  return runs;
}

/** Less than 0 for every set that leaves something out: the logarithm of the share that it lets pass. */
const roomOf = (sets: readonly CharSet[]): number =>
  sets.reduce((sum, set) => sum + Math.log2((1 + set.low.reduce((n, word) => n + bitCount(word), 0)) / 129), 0);

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/**
 * The sets of characters that stand beside a text, seen from it. @param edge what may stand where the line ends on that side
 * @param last the text's own character on that side
 */
function beside(atoms: Branch, edge: CharSet, last: number, ignoreCase: boolean): readonly CharSet[] {
  const sets: CharSet[] = [];
  for (const [at, atom] of atoms.entries()) {
    if (atom.kind === 'char') sets.push(setOfChar(atom.char));
    else if (atom.kind === 'set') {
      for (let i = 0; i < Math.min(atom.min, REACH); i++) sets.push(atom.set);
      if (atom.max !== atom.min) {
        sets.push(union(atom.set, firstOf(atoms.slice(at + 1), edge)));
        break;
      }
    } else if (atom.kind === 'boundary') {
      // Beyond the text's own character it could only repeat what the sets say.
      if (at === 0 && last < 128) sets.push(union(isWord(last) ? NON_WORD : WORD, edge));
      break;
    } else {
      if (atom.kind !== 'unknown') sets.push(edge);
      break;
    }
  }
  return sets.slice(0, REACH).map((set) => (ignoreCase ? anyCase(set) : set));
}

/** What may stand first when only the rest is left; anything when the rest may be nothing. */
function firstOf(atoms: Branch, edge: CharSet): CharSet {
  const [first, ...rest] = atoms;
  if (first === undefined || first.kind === 'unknown') return ANYTHING;
  if (first.kind === 'char') return setOfChar(first.char);
  if (first.kind === 'boundary') return firstOf(rest, edge);
  if (first.kind !== 'set') return edge;
  return first.min > 0 ? first.set : union(first.set, firstOf(rest, edge));
}

/** With both cases of every letter, and all beyond ASCII: some of that has a letter for its other case. */
const anyCase = (set: CharSet): CharSet => ({ ...foldedSet(set), other: NON_ASCII });
