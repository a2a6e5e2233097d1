import { type Pattern, requiredLiterals } from './pattern.ts';
import { parsePattern } from './pattern-syntax.ts';

/** A word in the names of workflows, jobs, steps and commands that makes a rule likelier. */
export interface RuleName {
  /** Index of the rule. */
  readonly rule: number;
  readonly weight: number;
  readonly test: (text: string) => boolean;
}

/** A text, in lower case, that stands wherever a name matches, or another one of the name's does. */
interface Piece {
  readonly text: string;
  readonly name: RuleName;
}

/** Every pair of letters has a number of its own, whatever their case; other characters share one with letters. */
const PAIRS = 32 * 32;
const pairAt = (text: string, at: number): number => (text.charCodeAt(at) & 31) * 32 + (text.charCodeAt(at + 1) & 31);

/** Finds the names of all rules in a text at one go: a name is tried only when one of its pieces stands there. */
export class NameIndex {
  /** Pieces by their first two characters. */
  private readonly starts = new Array<readonly Piece[]>(PAIRS).fill([]);
  /** Names that have no pieces, and have to be tried. */
  private readonly others: RuleName[] = [];

  add(pattern: Pattern, rule: number, weight: number): void {
    const name: RuleName = { rule, weight, test: pattern.test };
    const pieces = piecesOf(pattern);
    if (pieces === null) this.others.push(name);
    for (const text of pieces ?? []) {
      const pair = pairAt(text, 0);
      this.starts[pair] = [...this.starts[pair]!, { text, name }];
    }
  }

  /** The names that match, each once. */
  namesIn(text: string): readonly RuleName[] {
    const folded = text.toLowerCase();
    const near = new Set(this.others);
    for (let at = 0; at < folded.length - 1; at++) {
      for (const piece of this.starts[pairAt(folded, at)]!) {
        if (folded.startsWith(piece.text, at)) near.add(piece.name);
      }
    }
    return [...near].filter(({ test }) => test(text));
  }
}

/** Null when none of the pieces is sure to be found: too short, or with letters whose cases the engines see differently. */
function piecesOf({ source, engine }: Pattern): readonly string[] | null {
  const texts = engine === 'v8' ? requiredLiterals(parsePattern(source).syntax) : null;
  if (texts === null || texts.some((text) => !/^[ -~]{2,}$/.test(text))) return null;
  return [...new Set(texts.map((text) => text.toLowerCase()))];
}
