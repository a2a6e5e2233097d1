import type { Target } from '../../model/insights.ts';
import type { DayOfFigures, DayOfRepairs } from '../../store/trends.ts';
import { duration, plural } from '../words.ts';
import { sparkline, stackedBars } from './charts.ts';
import { type Html, html } from './html.ts';
import { CHART_DAYS, type Measures } from './measures.ts';
import { count, money, percent } from './parts.ts';

const DAY = 86_400_000;

interface Card {
  readonly name: string;
  readonly measure: Target;
  readonly show: (value: number | null) => string;
  readonly days: readonly (number | null)[];
  /** What the sample consists of. */
  readonly of: string;
}

/** The measures that people steer by, each with its target and the days before. */
export function measureCards({ insights, trends }: Measures, now: number): Html {
  const { targets } = insights;
  const shares = (days: readonly DayOfFigures[]) =>
    byDay(days, now, ({ count: all, wanted }) => (all === 0 ? null : wanted / all));
  const cards: readonly Card[] = [
    { name: 'Routed right', measure: targets.correctRouting, show: percent, days: shares(trends.routed), of: 'repair' },
    {
      name: 'Time to green, P50',
      measure: targets.timeToFixP50,
      show: span,
      days: byDay(trends.repairs, now, (day) => day.medianTimeToFix),
      of: 'fix',
    },
    {
      name: 'Fixed at first attempt',
      measure: targets.fixedAtFirstAttempt,
      show: percent,
      days: shares(trends.firstAttempt),
      of: 'end',
    },
    {
      name: 'Fixed within three',
      measure: targets.fixedWithinThree,
      show: percent,
      days: byDay(trends.escalated, now, ({ count: all, wanted }) => (all === 0 ? null : 1 - wanted / all)),
      of: 'end',
    },
    { name: 'Escalated', measure: targets.escalated, show: percent, days: shares(trends.escalated), of: 'end' },
    {
      name: 'Duplicates prevented',
      measure: targets.duplicatesPrevented,
      show: percent,
      days: byDay(trends.deliveries, now, ({ wanted }) => wanted),
      of: 'duplicate',
    },
    {
      name: 'Deliveries lost',
      measure: targets.deliveriesLost,
      show: (value) => (value === null ? '–' : count(value)),
      days: byDay(trends.deliveries, now, ({ count: all }) => all),
      of: 'delivery',
    },
  ];
  const cost = byDay(trends.costUsd, now, ({ costUsd }) => costUsd);
  return html`<ul class="measures" role="list">${cards.map(card)}
<li class="measure"><h3>Cost of a fix</h3><p class="value">${money(insights.costPerFix.value)}</p>
<p class="target">${money(insights.costPerFix.total)} in all</p>${sparkline({ values: cost, target: null, label: `Spent a day over ${CHART_DAYS} days` })}</li></ul>`;
}

const MANY: Readonly<Record<string, string>> = { delivery: 'deliveries', fix: 'fixes' };

function card({ name, measure, show, days, of }: Card): Html {
  const { value, target, better, sample } = measure;
  const state = value === null ? 'unknown' : isMet(measure) ? 'met' : 'missed';
  const word = state === 'unknown' ? 'nothing to measure yet' : state === 'met' ? 'on target' : 'off target';
  const isShare = show === percent || show === span;
  const aim =
    target === 0 ? 'target 0' : `target ${better === 'above' ? (target === 1 ? '' : '> ') : '< '}${show(target)}`;
  return html`<li class="measure ${state}"><h3>${name}</h3>
<p class="value">${show(value)} <span class="verdict">${word}</span></p>
<p class="target">${aim} · ${plural(sample, of, MANY[of])}</p>
${sparkline({ values: days, target: isShare && target !== 1 && name !== 'Duplicates prevented' ? target : null, label: `${name}, day by day over ${CHART_DAYS} days` })}</li>`;
}

/** A share that is to be above its target has to be at least as large: all of them is all that can be. */
export function isMet({ value, target, better }: Target): boolean {
  return value !== null && (better === 'above' ? value >= target : value <= target);
}

export function span(ms: number | null): string {
  return ms === null ? '–' : duration(ms);
}

/** One value a day, oldest first, today last. */
function byDay<T extends { readonly day: number }>(
  days: readonly T[],
  now: number,
  value: (day: T) => number | null,
): readonly (number | null)[] {
  const known = new Map(days.map((day) => [day.day, day]));
  const today = Math.floor(now / DAY);
  return Array.from({ length: CHART_DAYS }, (_, index) => {
    const day = known.get(today - CHART_DAYS + 1 + index);
    return day === undefined ? null : value(day);
  });
}

const RESULTS = [
  { tone: 'good', label: 'verified green' },
  { tone: 'bad', label: 'escalated' },
  { tone: 'quiet', label: 'ended otherwise or under way' },
] as const;

/** What was opened each day and how it ended, as a picture and as a table. */
export function repairsChart(repairs: readonly DayOfRepairs[], now: number): Html {
  const known = new Map(repairs.map((day) => [day.day, day]));
  const today = Math.floor(now / DAY);
  const days = Array.from({ length: CHART_DAYS }, (_, index) => {
    const day = today - CHART_DAYS + 1 + index;
    const { opened, succeeded, escalated } = known.get(day) ?? { opened: 0, succeeded: 0, escalated: 0 };
    return {
      date: new Date(day * DAY).toISOString().slice(0, 10),
      opened,
      parts: [succeeded, escalated, opened - succeeded - escalated],
    };
  });
  const bars = days.map(({ date, opened, parts }, index) => ({
    label: index % 2 === (CHART_DAYS - 1) % 2 ? date.slice(5) : '',
    title: `${date}: ${opened} opened, ${parts.map((value, at) => `${value} ${RESULTS[at]?.label}`).join(', ')}`,
    parts: parts.map((value, at) => ({ tone: RESULTS[at]?.tone ?? 'quiet', value })),
  }));
  const all = days.reduce((sum, { opened }) => sum + opened, 0);
  return html`<ul class="legend" role="list">${RESULTS.map(({ tone, label }) => html`<li class="${tone}">${label}</li>`)}</ul>
${stackedBars(bars, `${plural(all, 'remediation')} opened in ${CHART_DAYS} days, by how they ended; the table below has the numbers`)}
<details id="chart-table"><summary>As a table</summary><div class="scroll" role="region" aria-label="Opened each day" tabindex="0"><table class="list figures"><thead><tr><th scope="col">Day</th><th scope="col">Opened</th>${RESULTS.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${days.toReversed().map(({ date, opened, parts }) => html`<tr><th scope="row">${date}</th><td>${opened}</td>${parts.map((value) => html`<td>${value}</td>`)}</tr>`)}</tbody></table></div></details>`;
}
