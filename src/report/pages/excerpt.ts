import type { Classification, Excerpt } from '../../model/evidence.ts';
import { plural } from '../words.ts';
import { type Html, html } from './html.ts';

/** One line of an excerpt; `number` counts from 1 in the log and is null for a note about what was cut. */
export interface ExcerptLine {
  readonly number: number | null;
  readonly text: string;
}

/** How the classifier says that lines between two parts were left out. */
const CUT = /^… \d+ lines cut …$/;

/** The lines of an excerpt with their numbers in the log; without numbers when text and ranges do not fit together. */
export function numberLines(excerpt: Excerpt): readonly ExcerptLine[] {
  const numbers = excerpt.ranges.flatMap(([first, last]) =>
    Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index),
  );
  const texts = excerpt.text.split('\n');
  const withoutNotes = texts.filter((text) => !CUT.test(text));
  if (withoutNotes.length !== numbers.length) return texts.map((text) => ({ number: null, text }));
  let next = 0;
  return texts.map((text) => (CUT.test(text) ? { number: null, text } : { number: numbers[next++] ?? null, text }));
}

/** The log's own words, with line numbers, the deciding lines marked. */
export function excerptView({ excerpt, evidence }: Classification): Html {
  const deciding = new Map(evidence.map((line) => [line.line, line.rule]));
  const lines = numberLines(excerpt);
  if (excerpt.text === '') return html`<p class="muted">The log held nothing to show.</p>`;
  return html`<div class="excerpt" role="region" aria-label="Excerpt of the log" tabindex="0"><table>
<tbody>${lines.map(({ number, text }, index) => {
    const gap = index > 0 && number !== null && isGap(lines[index - 1]?.number ?? null, number);
    const rule = number === null ? undefined : deciding.get(number);
    const kind = rule === undefined ? (number === null ? 'cut' : '') : 'deciding';
    return html`${gap ? html`<tr class="cut"><td></td><td>…</td></tr>` : ''}<tr class="${kind}"><td class="line">${number ?? ''}</td><td>${text}${
      rule === undefined ? '' : html`<span class="rule">${rule}</span>`
    }</td></tr>`;
  })}</tbody></table></div>
<p class="muted small">${plural(lines.filter(({ number }) => number !== null).length || excerpt.lines, 'line')} of ${excerpt.totalLines.toLocaleString('en')}; the marked ones decided.</p>`;
}

/** A jump in the numbers that no note explains. */
function isGap(before: number | null, number: number): boolean {
  return before !== null && number !== before + 1;
}
