import type { Excerpt } from '../../model/evidence.ts';
import type { WeighedHit } from './judge.ts';
import { LineTable } from './line-table.ts';
import { roughKey } from './normalise.ts';
import type { Reading } from './reading.ts';
import { Renderer } from './renderer.ts';
import type { Step } from './steps.ts';
import type { TextStore } from './text-store.ts';

/** How far context reaches around a find, in lines: first tight for many finds, then wider while the budget lasts. */
const TIGHT = { before: 3, after: 5 };
const WIDE = { before: 10, after: 24 };
/** Share of the budget for the lines just above the place where the step was reported as failed. */
const TAIL_SHARE = 0.3;
/** One find for so many lines of budget. */
const LINES_PER_FIND = 9;
const MAX_ANCHORS = 60;
/** So many of the steps that failed are shown with their ends. */
const MAX_ENDS = 3;
/** An earlier copy of a message is shown instead of a later one when it counts nearly as much. */
const SAME_INTEREST = 0.5;
/** The tenth finding of one kind tells less than the first of another. */
const MORE_OF_THE_SAME = 0.3;
/** How far blank lines are followed. */
const MAX_REACH = 400;

interface Anchor {
  readonly line: number;
  readonly offset: number;
}

/**
 * Chooses the lines a person would show a colleague, at most `maxLines` with the notes about what was cut.
 * @param failing the steps that made the run red
 * @param weighed what was found, the most interesting first
 */
export function makeExcerpt(
  reading: Reading,
  failing: readonly Step[],
  weighed: readonly WeighedHit[],
  maxLines: number,
): Excerpt {
  const selection = new Selection(reading.store, maxLines);
  const anchors = anchorsOf(weighed);
  const ends = failureEnds(reading, failing);
  const tail = Math.max(4, Math.floor((maxLines * TAIL_SHARE) / Math.max(1, ends.length)));
  const strong = anchors.slice(0, Math.max(1, Math.floor(maxLines / LINES_PER_FIND)));
  for (const anchor of strong.slice(0, 3)) selection.around(anchor, TIGHT.before, TIGHT.after);
  for (const end of ends) selection.around(end, tail, 1);
  for (const anchor of strong) selection.around(anchor, TIGHT.before, TIGHT.after);
  for (const anchor of anchors.slice(0, 6)) selection.around(anchor, WIDE.before, WIDE.after);
  for (const end of ends) selection.around(end, maxLines, 2);
  return selection.render(reading.totalLines);
}

/** A message, whatever numbers stand in it. */
interface Kind {
  readonly key: string;
  /** The pattern that found it first. */
  readonly pattern: number;
  readonly interest: number;
  anchor: Anchor;
}

/** One anchor a distinct message, where it stands first; the most interesting messages first. */
function anchorsOf(weighed: readonly WeighedHit[]): Anchor[] {
  const kinds: Kind[] = [];
  const lines = new Set<number>();
  for (const { hit, interest } of weighed) {
    if (interest <= 0 || kinds.length >= MAX_ANCHORS) break;
    if (hit.offset < 0 || lines.has(hit.line)) continue;
    lines.add(hit.line);
    const key = roughKey(hit.text);
    const known = kindOf(kinds, key);
    if (known === null) {
      const pattern = hit.pattern.index;
      const rank = 1 + MORE_OF_THE_SAME * countOf(kinds, pattern);
      kinds.push({ key, pattern, interest: interest / rank, anchor: hit });
    } else if (hit.line < known.anchor.line && interest >= SAME_INTEREST * known.interest) known.anchor = hit;
  }
  return kinds.sort((a, b) => b.interest - a.interest || a.anchor.line - b.anchor.line).map(({ anchor }) => anchor);
}

/** There are few kinds: looking through them takes less time than hashing the key. */
function kindOf(kinds: readonly Kind[], key: string): Kind | null {
  for (const kind of kinds) if (kind.key === key) return kind;
  return null;
}

function countOf(kinds: readonly Kind[], pattern: number): number {
  let count = 0;
  for (const kind of kinds) if (kind.pattern === pattern) count++;
  return count;
}

/** Where steps were reported as failed, the last first; the end of the log when nothing was reported. */
function failureEnds({ totalLines, totalBytes }: Reading, failing: readonly Step[]): Anchor[] {
  const ends: Anchor[] = [];
  for (let i = failing.length - 1; i >= 0 && ends.length < MAX_ENDS; i--) {
    ends.push({ line: failing[i]!.failLine!, offset: failing[i]!.failOffset! });
  }
  if (ends.length === 0 && totalBytes > 0) ends.push({ line: totalLines, offset: totalBytes - 1 });
  return ends;
}

/** Walks from an anchor in one direction, over blank lines; at 0 there is nothing left. */
interface Walk {
  readonly direction: 1 | -1;
  at: number;
}

class Selection {
  private readonly table: LineTable;
  private readonly budget: number;
  private taken = 0;
  /** Lines that say what was cut count as well; every separate part may need one, and the end. */
  private notes = 1;

  constructor(store: TextStore, maxLines: number) {
    this.table = new LineTable(store);
    this.budget = maxLines;
  }

  /** Takes the lines around an anchor, nearest first, as long as there is room. Blank lines are passed over. */
  around(anchor: Anchor, before: number, after: number): void {
    const { table } = this;
    if (!table.isTaken(table.find(anchor.line)) && this.taken + this.notes + 1 > this.budget) return;
    const middle = table.at(anchor.line, anchor.offset);
    if (middle === 0) return;
    if (!table.isBlank(middle) && !this.take(middle)) return;
    const up: Walk = { direction: -1, at: middle };
    const down: Walk = { direction: 1, at: middle };
    for (let distance = 1; distance <= Math.max(before, after); distance++) {
      if (distance <= before && !this.takeNext(up)) return;
      if (distance <= after && !this.takeNext(down)) return;
      if (up.at === 0 && down.at === 0) return;
    }
  }

  /** @returns false when there is no more room */
  private takeNext(walk: Walk): boolean {
    const { table } = this;
    for (let blanks = 0; walk.at !== 0 && blanks < MAX_REACH; blanks++) {
      walk.at = walk.direction > 0 ? table.below(walk.at) : table.above(walk.at);
      if (walk.at === 0 || table.isTaken(walk.at)) return true;
      if (!table.isBlank(walk.at)) return this.take(walk.at);
      table.pass(walk.at);
    }
    walk.at = 0;
    return true;
  }

  private take(line: number): boolean {
    const { table } = this;
    if (table.isTaken(line)) return true;
    const isApart = !table.isBesideTaken(line);
    if (this.taken + this.notes + (isApart ? 2 : 1) > this.budget) return false;
    if (isApart) this.notes++;
    table.take(line);
    this.taken++;
    return true;
  }

  render(totalLines: number): Excerpt {
    const { table } = this;
    const ranges: [number, number][] = [];
    const out = new Renderer(table.free);
    let previous = 0;
    for (const run of table.runs()) {
      const first = table.numberOf(run);
      if (this.isCut(previous, first)) out.cut(first - previous - 1);
      previous = first - 1;
      for (let line = run; table.isTaken(line); line = table.knownBelow(line)) {
        out.show(table.from(line), table.to(line));
        previous++;
      }
      ranges.push([first, previous]);
    }
    if (previous < totalLines && previous > 0) out.cut(totalLines - previous);
    return { text: out.text(), ranges, lines: out.lines, totalLines };
  }

  /** Something other than blank lines stands between two lines. */
  private isCut(from: number, to: number): boolean {
    const { table } = this;
    for (let number = from + 1; number < to; number++) if (!table.isPassed(table.find(number))) return true;
    return false;
  }
}
