import type { Excerpt } from '../../model/evidence.ts';
import { failingSteps, type WeighedHit } from './judge.ts';
import { cleanLine } from './line.ts';
import { normaliseLine } from './normalise.ts';
import type { Reading } from './reading.ts';
import type { Line, TextStore } from './text-store.ts';

/** How far context reaches around a find, in lines: first tight for many finds, then wider while the budget lasts. */
const TIGHT = { before: 3, after: 5 };
const WIDE = { before: 10, after: 24 };
/** Share of the budget for the lines just above the place where the step was reported as failed. */
const TAIL_SHARE = 0.3;
/** Characters of one line that are shown. */
const LINE_LIMIT = 400;
const READ_LIMIT = 1024;
/** How far blank lines are followed. */
const MAX_REACH = 400;
/** A gap this small is blank lines, not worth a note. */
const BLANK_RUN = 3;

export interface Anchor {
  readonly line: number;
  readonly offset: number;
  readonly weight: number;
  readonly key: string;
}

/** Chooses the lines a person would show a colleague, at most `maxLines` with the notes about what was cut. */
export function makeExcerpt(reading: Reading, weighed: readonly WeighedHit[], maxLines: number): Excerpt {
  const selection = new Selection(reading.store, maxLines);
  const anchors = anchorsOf(weighed);
  const ends = failureEnds(reading);
  const tail = Math.max(4, Math.floor((maxLines * TAIL_SHARE) / Math.max(1, ends.length)));
  const strong = anchors.slice(0, Math.max(1, Math.floor(maxLines / 9)));
  for (const anchor of strong.slice(0, 3)) selection.around(anchor, TIGHT.before, TIGHT.after);
  for (const end of ends) selection.around(end, tail, 1);
  for (const anchor of strong) selection.around(anchor, TIGHT.before, TIGHT.after);
  for (const anchor of anchors.slice(0, 6)) selection.around(anchor, WIDE.before, WIDE.after);
  for (const end of ends) selection.around(end, maxLines, 2);
  return selection.render(reading.totalLines);
}

/** One anchor a distinct message, strongest first; of equal ones the earlier. */
function anchorsOf(weighed: readonly WeighedHit[]): Anchor[] {
  const seen = new Set<string>();
  const anchors: Anchor[] = [];
  for (const { hit, weight } of weighed) {
    if (weight <= 0 || hit.offset < 0) continue;
    const key = normaliseLine(hit.text);
    if (seen.has(key)) continue;
    seen.add(key);
    anchors.push({ line: hit.line, offset: hit.offset, weight, key });
    if (anchors.length >= 60) break;
  }
  return anchors;
}

/** Where steps were reported as failed, the last first; the end of the log when nothing was reported. */
function failureEnds(reading: Reading): Anchor[] {
  const failing = failingSteps(reading.steps).slice(-3).reverse();
  const ends = failing.map((step) => ({ line: step.failLine!, offset: step.failOffset!, weight: 0, key: '' }));
  if (ends.length > 0 || reading.totalBytes === 0) return ends;
  return [{ line: reading.totalLines, offset: reading.totalBytes - 1, weight: 0, key: '' }];
}

class Selection {
  private readonly lines = new Map<number, string>();
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
    const middle = this.store.lineAt(anchor.offset);
    if (!middle || !this.take(anchor.line, this.show(middle))) return;
    const up = this.walk(anchor.line, middle, -1);
    const down = this.walk(anchor.line, middle, 1);
    for (let distance = 1; distance <= Math.max(before, after); distance++) {
      if (distance <= before && !this.takeNext(up)) return;
      if (distance <= after && !this.takeNext(down)) return;
    }
  }

  private takeNext(walk: Iterator<[number, string]>): boolean {
    const { value, done } = walk.next();
    return done === true || this.take(value[0], value[1]);
  }

  private *walk(from: number, start: Line, direction: 1 | -1): Generator<[number, string], void> {
    let line: Line | null = start;
    for (let number = from + direction; number >= 1; number += direction) {
      line = direction > 0 ? this.store.next(line) : this.store.previous(line);
      if (!line) return;
      const known = this.lines.get(number);
      const text = known ?? this.show(line);
      if (text !== '') yield [number, text];
      else if (Math.abs(number - from) > MAX_REACH) return;
    }
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
        if (number - previous > BLANK_RUN) out.push(`… ${number - previous - 1} lines cut …`);
      }
      out.push(this.lines.get(number)!);
      previous = number;
    }
    if (previous < totalLines && previous > 0) out.push(`… ${totalLines - previous} lines cut …`);
    return { text: out.join('\n'), ranges, lines: out.length, totalLines };
  }

  private show(line: Line): string {
    const { text, marker } = cleanLine(this.store.read(line, READ_LIMIT));
    const shown = marker === null ? text : `##[${marker}]${text}`;
    return shown.length > LINE_LIMIT ? `${shown.slice(0, LINE_LIMIT)}…` : shown;
  }
}
