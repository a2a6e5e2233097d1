import { RE2JS } from 're2js';
import {
  type CharSet,
  foldedSet,
  overlaps,
  type ParsedPattern,
  PatternError,
  parsePattern,
  type Syntax,
  setOf,
  setOfChar,
  union,
} from './pattern-syntax.ts';

/** A pattern that is ready to run. */
export interface Pattern {
  readonly source: string;
  /** One of these stands in every line that matches; the scanner looks for nothing else. */
  readonly literals: readonly string[];
  /** Upper and lower case are the same; the literals are in lower case then. */
  readonly ignoreCase: boolean;
  readonly test: (line: string) => boolean;
  /** V8's own matcher when its cost is proven small, RE2's automaton otherwise; both linear in the line. */
  readonly engine: 'v8' | 're2';
}

/** Lines are matched by their first characters only; longer ones are data, not messages. */
export const MAX_LINE_LENGTH = 2048;
/** Shorter pieces stand in too many lines to be worth looking at. */
export const MIN_LITERAL_LENGTH = 4;
/** Steps of a backtracking matcher over one line of the maximum length: about a millisecond. */
const MAX_STEPS = 300_000;
const MAX_LITERALS = 40;

/** @throws PatternError when the pattern is outside the syntax or has no fixed piece to look for */
export function compilePattern(source: string, chosenLiterals?: readonly string[]): Pattern {
  const parsed = parsePattern(source);
  const exact = chosenLiterals ?? requiredLiterals(parsed.syntax);
  const literals = parsed.ignoreCase ? (exact?.map((text) => text.toLowerCase()) ?? null) : exact;
  if (literals === null || literals.some((text) => Buffer.byteLength(text) < MIN_LITERAL_LENGTH)) {
    throw new PatternError(
      `${JSON.stringify(source)} has no fixed piece of at least ${MIN_LITERAL_LENGTH} characters in every alternative; add one, or name it under "literal"`,
    );
  }
  for (const text of chosenLiterals ?? []) if (!parsed.ignoreCase) checkCase(source, text);
  const isCheap = steps(parsed) <= MAX_STEPS;
  return {
    source,
    literals: [...new Set(literals)],
    ignoreCase: parsed.ignoreCase,
    test: isCheap ? viaV8(parsed) : viaRe2(parsed),
    engine: isCheap ? 'v8' : 're2',
  };
}

/** A literal that differs from its pattern in case only would never be found. */
function checkCase(source: string, literal: string): void {
  const pattern = source.replace(/\\(?![dswDSWbB])/g, '');
  const strange = literal
    .split(/[^A-Za-z0-9]+/)
    .find((word) => word.length > 2 && !pattern.includes(word) && pattern.toLowerCase().includes(word.toLowerCase()));
  if (strange) {
    throw new PatternError(
      `the literal ${JSON.stringify(literal)} is written in another case than in ${JSON.stringify(source)}; write it alike, or begin the pattern with (?i)`,
    );
  }
}

function viaV8(parsed: ParsedPattern): (line: string) => boolean {
  const regex = new RegExp(parsed.body, parsed.ignoreCase ? 'i' : '');
  return (line) => regex.test(line);
}

function viaRe2(parsed: ParsedPattern): (line: string) => boolean {
  // Made once to know that it can be, and kept from its first use on: all of them together take megabytes, most are never used.
  automatonOf(parsed);
  let automaton: RE2JS | null = null;
  // It takes microseconds for what a search for a few texts tells in most lines.
  const texts = parsed.ignoreCase ? [] : textsInOrder(parsed.syntax);
  return (line) => {
    if (!holdsInOrder(line, texts)) return false;
    automaton ??= automatonOf(parsed);
    return automaton.test(line);
  };
}

function automatonOf({ body, ignoreCase }: ParsedPattern): RE2JS {
  try {
    return RE2JS.compile(body, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    throw new PatternError(`${JSON.stringify(body)} was refused: ${(error as Error).message}`);
  }
}

/** Any-of set of texts of which one is in every match; null when there is none. */
export function requiredLiterals(syntax: Syntax): readonly string[] | null {
  if (syntax.kind === 'char') return [syntax.char];
  if (syntax.kind === 'repeat') return syntax.min > 0 ? requiredLiterals(syntax.item) : null;
  if (syntax.kind === 'choice') {
    const parts = syntax.items.map(requiredLiterals);
    if (parts.some((part) => part === null)) return null;
    const all = parts.flatMap((part) => part ?? []);
    return all.length <= MAX_LITERALS ? all : null;
  }
  if (syntax.kind !== 'sequence') return null;
  return bestOf([...literalRuns(syntax.items), ...syntax.items.map(requiredLiterals)]);
}

/** Texts of which every match holds one of each set, in this order and apart from each other. */
export function textsInOrder(syntax: Syntax): readonly (readonly string[])[] {
  if (syntax.kind === 'repeat') return syntax.min > 0 ? textsInOrder(syntax.item) : [];
  if (syntax.kind !== 'sequence') {
    const texts = requiredLiterals(syntax);
    return texts === null ? [] : [texts];
  }
  const found: (readonly string[])[] = [];
  let run = '';
  for (const item of syntax.items) {
    if (item.kind === 'char') {
      run += item.char;
      continue;
    }
    if (run !== '') found.push([run]);
    run = '';
    found.push(...textsInOrder(item));
  }
  return run === '' ? found : [...found, [run]];
}

/** Takes of each set the text that ends first, which leaves most to the others. */
export function holdsInOrder(line: string, sets: readonly (readonly string[])[]): boolean {
  let from = 0;
  for (const texts of sets) {
    let end = Number.POSITIVE_INFINITY;
    for (const text of texts) {
      const at = line.indexOf(text, from);
      if (at >= 0 && at + text.length < end) end = at + text.length;
    }
    if (end === Number.POSITIVE_INFINITY) return false;
    from = end;
  }
  return true;
}

function literalRuns(items: readonly Syntax[]): (readonly string[] | null)[] {
  const runs: string[][] = [];
  let run = '';
  for (const item of items) {
    if (item.kind === 'char') {
      run += item.char;
      continue;
    }
    if (run !== '') runs.push([run]);
    run = '';
  }
  if (run !== '') runs.push([run]);
  return runs;
}

/** The set whose shortest text is longest; beyond twelve characters more length gains nothing. */
function bestOf(candidates: readonly (readonly string[] | null)[]): readonly string[] | null {
  let best: readonly string[] | null = null;
  let bestScore = 0;
  for (const candidate of candidates) {
    if (!candidate || candidate.length === 0) continue;
    const score = Math.min(12, ...candidate.map((text) => text.length)) - candidate.length / 100;
    if (best === null || score > bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}

/** An upper bound of the steps a backtracking matcher takes over a line of the maximum length. */
function steps(parsed: ParsedPattern): number {
  if (startsAnchored(parsed.syntax)) return ways(parsed.syntax, NOTHING, NOTHING);
  return starts(parsed.syntax) * ways(parsed.syntax, NOTHING, firstOf(parsed.syntax, NOTHING));
}

/** At how many places of a line a match can begin: a fixed text cannot begin inside itself when its first letter stands in it once. */
function starts(syntax: Syntax): number {
  const items = syntax.kind === 'sequence' ? syntax.items : [syntax];
  const end = items.findIndex((item) => item.kind !== 'char');
  const lead = items
    .slice(0, end < 0 ? items.length : end)
    .map((item) => (item as { char: string }).char.toLowerCase());
  const repeats = lead.indexOf(lead[0] ?? '', 1) >= 0;
  return MAX_LINE_LENGTH / (repeats ? 1 : Math.max(1, lead.length));
}

const NOTHING = setOf(() => false, 0);

function startsAnchored(syntax: Syntax): boolean {
  if (syntax.kind === 'start') return true;
  if (syntax.kind === 'sequence') return syntax.items[0] !== undefined && startsAnchored(syntax.items[0]);
  return syntax.kind === 'choice' && syntax.items.every(startsAnchored);
}

/**
 * In how many ways a matcher may walk through `syntax`. A repetition that the next character cannot continue ends at one
 * place only, so it does not multiply what follows; one that a new start can fall into is walked again from every start.
 */
function ways(syntax: Syntax, next: CharSet, starts: CharSet): number {
  if (syntax.kind === 'sequence') {
    let [product, follow] = [1, next];
    for (let i = syntax.items.length - 1; i >= 0; i--) {
      const item = syntax.items[i]!;
      product *= ways(item, follow, starts);
      follow = firstOf(item, follow);
    }
    return product;
  }
  if (syntax.kind === 'choice') return syntax.items.reduce((sum, item) => sum + ways(item, next, starts), 0);
  if (syntax.kind !== 'repeat') return 1;
  const turns = Math.min(syntax.max, MAX_LINE_LENGTH);
  const first = firstOf(syntax.item, NOTHING);
  const inner = ways(syntax.item, union(first, next), starts);
  if (syntax.item.kind !== 'char' && syntax.item.kind !== 'set') {
    return inner > 1 && turns > 1 ? inner ** Math.min(turns, 60) : turns * inner + 1;
  }
  return overlaps(first, next) || overlaps(first, starts) ? turns + 1 : 2;
}

/**
 * Which characters may stand first; `next` is what may follow when the syntax can match nothing. With both cases of every
 * letter: right for patterns that ignore case, cautious for the others.
 */
function firstOf(syntax: Syntax, next: CharSet): CharSet {
  if (syntax.kind === 'char') return foldedSet(setOfChar(syntax.char));
  if (syntax.kind === 'set') return foldedSet(syntax.set);
  if (syntax.kind === 'choice') return syntax.items.map((item) => firstOf(item, next)).reduce(union, NOTHING);
  if (syntax.kind === 'repeat') {
    const first = firstOf(syntax.item, NOTHING);
    return syntax.min > 0 ? first : union(first, next);
  }
  if (syntax.kind !== 'sequence') return next;
  return syntax.items.reduceRight((follow, item) => firstOf(item, follow), next);
}
