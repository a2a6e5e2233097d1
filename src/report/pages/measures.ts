import type { Insights } from '../../model/insights.ts';
import { readTrends, type Trends } from '../../store/trends.ts';
import type { Budget, ReportDeps } from '../api/deps.ts';

const DAY = 86_400_000;
/** Days in the charts of the first page. */
export const CHART_DAYS = 14;
/** Days that the figures beside them cover. */
export const FIGURE_DAYS = 7;

/** What takes counting: the figures of the first page and of the insights. */
export interface Measures {
  readonly insights: Insights;
  readonly trends: Trends;
}

export interface Figures {
  /** For the first page. */
  measures(): Promise<Measures>;
  insights(days: number): Promise<Insights>;
  budget(): Promise<Budget | null>;
}

/** A reading is shown for so long before the next one begins, milliseconds; figures of days do not change in seconds. */
const FRESH_MS = 10_000;
/** One that took long is kept longer, so that counting never takes more than a small part of the time. */
const COST_FACTOR = 40;
/** Older than this nobody is shown; whoever asks waits for a new one. */
const STALE_MS = 10 * 60_000;
const BUDGET_FRESH_MS = 3_000;

/**
 * Readings that are shared: a page shows the one there is, and the next one is made behind it. Counting a hundred thousand
 * remediations takes longer than a page may take.
 */
export function createFigures(deps: ReportDeps): Figures {
  const { store, clock } = deps;
  const measures = shared(clock, FRESH_MS, async () => ({
    insights: await deps.insights(clock() - FIGURE_DAYS * DAY),
    trends: await readTrends(store.db, startOfDay(clock()) - (CHART_DAYS - 1) * DAY),
  }));
  const bySpan = new Map<number, () => Promise<Insights>>();
  return {
    measures,
    insights: (days) => {
      const read = bySpan.get(days) ?? shared(clock, FRESH_MS, () => deps.insights(clock() - days * DAY));
      bySpan.set(days, read);
      return read();
    },
    budget: shared(clock, BUDGET_FRESH_MS, async () => (deps.budget === undefined ? null : deps.budget())),
  };
}

function startOfDay(at: number): number {
  return at - (at % DAY);
}

function shared<T>(clock: () => number, freshMs: number, read: () => Promise<T>): () => Promise<T> {
  let held: { readonly at: number; readonly value: T } | null = null;
  let reading: Promise<T> | null = null;
  let keepMs = freshMs;
  const begin = (): Promise<T> => {
    const from = performance.now();
    const at = clock();
    const now = read().then((value) => {
      held = { at, value };
      keepMs = Math.max(freshMs, (performance.now() - from) * COST_FACTOR);
      return value;
    });
    reading = now.finally(() => {
      reading = null;
    });
    return reading;
  };
  return async () => {
    const age = held === null ? Number.POSITIVE_INFINITY : clock() - held.at;
    if (held === null || age >= STALE_MS) return reading ?? begin();
    // Whoever asks next sees it; a failure is seen by whoever has nothing else to be shown.
    if (age >= keepMs && reading === null) begin().catch(() => {});
    return held.value;
  };
}
