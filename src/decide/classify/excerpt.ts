import type { Excerpt } from '../../model/evidence.ts';
import { failingSteps, type WeighedHit } from './judge.ts';
import { roughKey } from './normalise.ts';
import type { Reading } from './reading.ts';
import { Renderer, type ShownLine, shownLine } from './shown-line.ts';
import type { Line, TextStore } from './text-store.ts';

/** How far context reaches around a find, in lines: first tight for many finds, then wider while the budget lasts. */
const TIGHT = { before: 3, after: 5 };
const WIDE = { before: 10, after: 24 };
/** Share of the budget for the lines just above the place where the step was reported as failed. */
const TAIL_SHARE = 0.3;
/** One find for so many lines of budget. */
const LINES_PER_FIND = 9;
const MAX_ANCHORS = 60;
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

/** Chooses the lines a person would show a colleague, at most `maxLines` with the notes about what was cut. */
export function makeExcerpt(reading: Reading, weighed: readonly WeighedHit[], maxLines: number): Excerpt {
  const selection = new Selection(reading.store, maxLines);
  const anchors = anchorsOf(weighed);
  const ends = failureEnds(reading);
  const tail = Math.max(4, Math.floor((maxLines * TAIL_SHARE) / Math.max(1, ends.length)));
  const strong = anchors.slice(0, Math.max(1, Math.floor(maxLines / LINES_PER_FIND)));
  for (const anchor of strong.slice(0, 3)) selection.around(anchor, TIGHT.before, TIGHT.after);
  for (const end of ends) selection.around(end, tail, 1);
  for (const anchor of strong) selection.around(anchor, TIGHT.before, TIGHT.after);
  for (const anchor of anchors.slice(0, 6)) selection.around(anchor, WIDE.before, WIDE.after);
  for (const end of ends) selection.around(end, maxLines, 2);
  return selection.render(reading.totalLines);
}

/** One anchor a distinct message, where it stands first; the most interesting messages first. */
function anchorsOf(weighed: readonly WeighedHit[]): Anchor[] {
  const byKey = new Map<string, { interest: number; anchor: Anchor }>();
  const byInterest = [...weighed].sort((a, b) => b.interest - a.interest || a.hit.line - b.hit.line);
  const lines = new Set<number>();
  const perPattern = new Map<number, number>();
  for (const { hit, interest } of byInterest) {
    if (interest <= 0 || byKey.size >= MAX_ANCHORS) break;
    if (hit.offset < 0 || lines.has(hit.line)) continue;
    lines.add(hit.line);
    const key = roughKey(hit.text);
    const known = byKey.get(key);
    if (known === undefined) {
      const earlier = perPattern.get(hit.pattern.index) ?? 0;
      perPattern.set(hit.pattern.index, earlier + 1);
      byKey.set(key, { interest: interest / (1 + MORE_OF_THE_SAME * earlier), anchor: hit });
    } else if (hit.line < known.anchor.line && interest >= SAME_INTEREST * known.interest) known.anchor = hit;
  }
  return [...byKey.values()]
    .sort((a, b) => b.interest - a.interest || a.anchor.line - b.anchor.line)
    .map(({ anchor }) => anchor);
}

/** Where steps were reported as failed, the last first; the end of the log when nothing was reported. */
function failureEnds(reading: Reading): Anchor[] {
  const failing = failingSteps(reading.steps).slice(-3).reverse();
  const ends = failing.map((step) => ({ line: step.failLine!, offset: step.failOffset! }));
  if (ends.length > 0 || reading.totalBytes === 0) return ends;
  return [{ line: reading.totalLines, offset: reading.totalBytes - 1 }];
}

/** A line that was looked at, and its neighbours as far as they were: walks cross each other many times. */
interface Looked {
  readonly number: number;
  readonly line: Line;
  readonly shown: ShownLine;
  readonly isBlank: boolean;
  isTaken: boolean;
  /** A walk went over it. */
  isPassed: boolean;
  above: Looked | null;
  below: Looked | null;
}

/** Walks from an anchor in one direction, over blank lines; null when there is nothing left. */
interface Walk {
  readonly direction: 1 | -1;
  at: Looked | null;
}

class Selection {
  private readonly looked = new Map<number, Looked>();
  private readonly store: TextStore;
  private readonly budget: number;
  private taken = 0;
  /** Lines that say what was cut count as well; every separate part may need one, and the end. */
  private notes = 1;

  constructor(store: TextStore, maxLines: number) {
    this.store = store;
    this.budget = maxLines;
  }

  /** Takes the lines around an anchor, nearest first, as long as there is room. Blank lines are passed over. */
  around(anchor: Anchor, before: number, after: number): void {
    let middle = this.looked.get(anchor.line);
    if (!middle?.isTaken && this.taken + this.notes + 1 > this.budget) return;
    if (!middle) {
      const line = this.store.lineAt(anchor.offset);
      if (!line) return;
      middle = this.look(anchor.line, line);
    }
    if (!middle.isBlank && !this.take(middle)) return;
    const up: Walk = { direction: -1, at: middle };
    const down: Walk = { direction: 1, at: middle };
    for (let distance = 1; distance <= Math.max(before, after); distance++) {
      if (distance <= before && !this.takeNext(up)) return;
      if (distance <= after && !this.takeNext(down)) return;
      if (up.at === null && down.at === null) return;
    }
  }

  /** @returns false when there is no more room */
  private takeNext(walk: Walk): boolean {
    for (let blanks = 0; walk.at !== null && blanks < MAX_REACH; blanks++) {
      walk.at = walk.direction > 0 ? this.below(walk.at) : this.above(walk.at);
      if (walk.at === null || walk.at.isTaken) return true;
      if (!walk.at.isBlank) return this.take(walk.at);
      walk.at.isPassed = true;
    }
    walk.at = null;
    return true;
  }

  private above(looked: Looked): Looked | null {
    if (looked.above) return looked.above;
    const number = looked.number - 1;
    let found = this.looked.get(number) ?? null;
    if (!found) {
      const line = this.store.previous(looked.line);
      if (line) found = this.look(number, line);
    }
    looked.above = found;
    if (found) found.below = looked;
    return found;
  }

  private below(looked: Looked): Looked | null {
    if (looked.below) return looked.below;
    const number = looked.number + 1;
    let found = this.looked.get(number) ?? null;
    if (!found) {
      const line = this.store.next(looked.line);
      if (line) found = this.look(number, line);
    }
    looked.below = found;
    if (found) found.above = looked;
    return found;
  }

  private look(number: number, line: Line): Looked {
    const shown = shownLine(this.store, line);
    const isBlank = shown.bytes === null && shown.text === '';
    const looked: Looked = { number, line, shown, isBlank, isTaken: false, isPassed: false, above: null, below: null };
    this.looked.set(number, looked);
    return looked;
  }

  private take(looked: Looked): boolean {
    if (looked.isTaken) return true;
    const isApart = !this.isTaken(looked.above, looked.number - 1) && !this.isTaken(looked.below, looked.number + 1);
    if (this.taken + this.notes + (isApart ? 2 : 1) > this.budget) return false;
    if (isApart) this.notes++;
    looked.isTaken = true;
    this.taken++;
    return true;
  }

  private isTaken(known: Looked | null, number: number): boolean {
    return (known ?? this.looked.get(number))?.isTaken === true;
  }

  render(totalLines: number): Excerpt {
    const taken: Looked[] = [];
    for (const looked of this.looked.values()) if (looked.isTaken) taken.push(looked);
    taken.sort((a, b) => a.number - b.number);
    const ranges: [number, number][] = [];
    const out = new Renderer();
    let previous = 0;
    for (const { number, shown } of taken) {
      const last = ranges[ranges.length - 1];
      if (last && last[1] === number - 1) last[1] = number;
      else {
        ranges.push([number, number]);
        if (this.isCut(previous, number)) out.say(`… ${number - previous - 1} lines cut …`);
      }
      out.show(shown);
      previous = number;
    }
    if (previous < totalLines && previous > 0) out.say(`… ${totalLines - previous} lines cut …`);
    return { text: out.text(), ranges, lines: out.lines, totalLines };
  }

  /** Something other than blank lines stands between two lines. */
  private isCut(from: number, to: number): boolean {
    for (let number = from + 1; number < to; number++) if (!this.looked.get(number)?.isPassed) return true;
    return false;
  }
}
