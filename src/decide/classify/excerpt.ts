import type { Excerpt } from '../../model/evidence.ts';
import { failingSteps, type WeighedHit } from './judge.ts';
import { plainLine } from './line.ts';
import { roughKey } from './normalise.ts';
import type { Reading } from './reading.ts';
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
/** Characters of one line that are shown. */
const LINE_LIMIT = 400;
const READ_LIMIT = 1024;
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

/** Walks from an anchor in one direction, over blank lines. */
interface Walk {
  readonly direction: 1 | -1;
  line: Line | null;
  number: number;
}

class Selection {
  private readonly lines = new Map<number, string>();
  private readonly blanks = new Set<number>();
  private readonly store: TextStore;
  private readonly budget: number;
  /** Lines that say what was cut count as well; every separate part may need one, and the end. */
  private notes = 1;

  constructor(store: TextStore, maxLines: number) {
    this.store = store;
    this.budget = maxLines;
  }

  /** Takes the lines around an anchor, nearest first, as long as there is room. Blank lines are passed over. */
  around(anchor: Anchor, before: number, after: number): void {
    if (this.isFull(anchor.line)) return;
    const middle = this.store.lineAt(anchor.offset);
    if (!middle) return;
    const text = this.show(anchor.line, middle);
    if (text !== '' && !this.take(anchor.line, text)) return;
    const up: Walk = { direction: -1, line: middle, number: anchor.line };
    const down: Walk = { direction: 1, line: middle, number: anchor.line };
    for (let distance = 1; distance <= Math.max(before, after); distance++) {
      if (distance <= before && !this.takeNext(up)) return;
      if (distance <= after && !this.takeNext(down)) return;
      if (up.line === null && down.line === null) return;
    }
  }

  private isFull(number: number): boolean {
    return !this.lines.has(number) && this.lines.size + this.notes + 1 > this.budget;
  }

  /** @returns false when there is no more room */
  private takeNext(walk: Walk): boolean {
    for (let blanks = 0; walk.line !== null && blanks < MAX_REACH; blanks++) {
      walk.number += walk.direction;
      walk.line = walk.direction > 0 ? this.store.next(walk.line) : this.store.previous(walk.line);
      if (walk.line === null) return true;
      if (this.lines.has(walk.number)) return true;
      const text = this.show(walk.number, walk.line);
      if (text !== '') return this.take(walk.number, text);
      this.blanks.add(walk.number);
    }
    walk.line = null;
    return true;
  }

  private take(number: number, text: string): boolean {
    if (this.lines.has(number)) return true;
    const isApart = !this.lines.has(number - 1) && !this.lines.has(number + 1);
    if (this.lines.size + this.notes + (isApart ? 2 : 1) > this.budget) return false;
    if (isApart) this.notes++;
    this.lines.set(number, text);
    return true;
  }

  render(totalLines: number): Excerpt {
    const numbers = [...this.lines.keys()].sort((a, b) => a - b);
    const ranges: [number, number][] = [];
    const out: string[] = [];
    let previous = 0;
    for (const number of numbers) {
      const last = ranges[ranges.length - 1];
      if (last && last[1] === number - 1) last[1] = number;
      else {
        ranges.push([number, number]);
        if (this.isCut(previous, number)) out.push(`… ${number - previous - 1} lines cut …`);
      }
      out.push(this.lines.get(number)!);
      previous = number;
    }
    if (previous < totalLines && previous > 0) out.push(`… ${totalLines - previous} lines cut …`);
    return { text: out.join('\n'), ranges, lines: out.length, totalLines };
  }

  /** Something other than blank lines stands between two lines. */
  private isCut(from: number, to: number): boolean {
    for (let number = from + 1; number < to; number++) if (!this.blanks.has(number)) return true;
    return false;
  }

  private show(number: number, line: Line): string {
    const text = this.lines.get(number) ?? plainLine(this.store.read(line, READ_LIMIT));
    return text.length > LINE_LIMIT ? `${text.slice(0, LINE_LIMIT)}…` : text;
  }
}
