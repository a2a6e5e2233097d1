import { breakerOf } from '../remediate/breaker.ts';
import type { Budget } from '../report/api.ts';
import { countWorkingEverywhere, spentToday } from '../store/budget.ts';
import { lastSuccessAfter } from '../store/load.ts';
import type { Store } from '../store/open.ts';
import { nthLastEscalation } from '../store/remediations.ts';
import type { Settings } from './settings.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What may be spent and what was, for people to read; what is decided by is read in the deciding transaction. */
export async function readBudget({ db }: Pick<Store, 'db'>, settings: Settings, now: number): Promise<Budget> {
  const { limits, maxConcurrentCodeRuns } = settings;
  const spent = await spentToday(db, now - (now % DAY));
  return {
    running: await countWorkingEverywhere(db),
    maxRunning: maxConcurrentCodeRuns,
    attemptsToday: spent.attempts,
    maxAttemptsPerDay: limits.attemptsPerDay ?? null,
    costTodayUsd: spent.costUsd,
    maxCostUsdPerDay: limits.costUsdPerDay ?? null,
    breaker: await readBreaker({ db }, settings.breaker, now),
  };
}

async function readBreaker(
  { db }: Pick<Store, 'db'>,
  { failures, minutes }: Settings['breaker'],
  now: number,
): Promise<Budget['breaker']> {
  const windowMs = minutes * MINUTE;
  const nth = await nthLastEscalation(db, failures);
  // So long ago, it is neither open nor half open, whatever came after.
  if (nth === null || now - nth >= 2 * windowMs) return { state: 'closed', until: null };
  const last = await nthLastEscalation(db, 1);
  const lastSuccess = last === null ? null : await lastSuccessAfter(db, last);
  const breaker = breakerOf({ nthLastEscalation: nth, lastEscalation: last, lastSuccess }, windowMs, now);
  return { state: breaker.state, until: breaker.state === 'open' ? breaker.until : null };
}
