import type { Remediation } from '../model/remediation.ts';
import { breakerOf } from '../remediate/breaker.ts';
import type { Allowance, Load } from '../remediate/policy.ts';
import { spentSince } from '../store/attempts.ts';
import { countWorkingIn, lastSuccessAfter } from '../store/load.ts';
import type { Reader, Tx } from '../store/open.ts';
import { isPaused } from '../store/pauses.ts';
import { countWorking, nthLastEscalation } from '../store/remediations.ts';
import { countLiveTaskRuns, taskSpendSince } from '../store/task-runs.ts';
import type { Settings } from './settings.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What stands in the way of spending at this moment, incidents left out. */
export async function readLoad(
  tx: Tx,
  settings: Settings,
  remediation: Pick<Remediation, 'id' | 'repository'>,
  now: number,
): Promise<Omit<Load, 'incident'>> {
  const breaker = await readBreaker(tx, settings.breaker, now);
  return {
    running:
      (await countWorking(tx, remediation.id)) + (await countLiveTaskRuns(tx, remediation.repository)).everywhere,
    // After a bad time one CodeRun finds out whether it is over.
    maxRunning: breaker.state === 'half_open' ? 1 : settings.maxConcurrentCodeRuns,
    paused: await isPaused(tx, remediation.repository),
    breakerUntil: breaker.state === 'open' ? breaker.until : null,
    allowances: await readAllowances(tx, settings, remediation, now),
  };
}

/** Whether so many escalations in so short a time hold spending back at `now`. */
export async function readBreaker(db: Reader, { failures, minutes }: Settings['breaker'], now: number) {
  const nthLast = await nthLastEscalation(db, failures);
  const last = nthLast === null ? null : await nthLastEscalation(db, 1);
  const lastSuccess = last === null ? null : await lastSuccessAfter(db, last);
  return breakerOf({ nthLastEscalation: nthLast, lastEscalation: last, lastSuccess }, minutes * MINUTE, now);
}

async function readAllowances(
  tx: Tx,
  settings: Settings,
  { id, repository }: Pick<Remediation, 'id' | 'repository'>,
  now: number,
): Promise<readonly Allowance[]> {
  const { limits, maxConcurrentCodeRunsPerRepository: perRepository } = settings;
  const { attemptsPerDay, attemptsPerDayPerRepository, costUsdPerDay, costUsdPerDayPerRepository } = limits;
  const allowances: Allowance[] = [];
  const add = (code: Allowance['code'], used: number, limit: number | undefined, what: string): void => {
    if (limit !== undefined) allowances.push({ code, used, limit, what });
  };
  if (perRepository !== undefined) {
    const used = (await countWorkingIn(tx, repository, id)) + (await countLiveTaskRuns(tx, repository)).here;
    add('repository_at_capacity', used, perRepository, `CodeRuns are running in ${repository}`);
  }
  const daily = [attemptsPerDay, attemptsPerDayPerRepository, costUsdPerDay, costUsdPerDayPerRepository];
  if (daily.every((limit) => limit === undefined)) return allowances;
  const midnight = now - (now % DAY);
  const attempts = await spentSince(tx, repository, midnight);
  const tasks = await taskSpendSince(tx, repository, midnight);
  const everywhere = sumOf(attempts.everywhere, tasks.everywhere);
  const here = sumOf(attempts.here, tasks.here);
  add('daily_attempts', everywhere.attempts, attemptsPerDay, 'attempts were begun today');
  add('daily_attempts', here.attempts, attemptsPerDayPerRepository, `attempts were begun today in ${repository}`);
  add('daily_cost', cents(everywhere.costUsd), costUsdPerDay, 'US dollars were spent today');
  add('daily_cost', cents(here.costUsd), costUsdPerDayPerRepository, `US dollars were spent today in ${repository}`);
  return allowances;
}

type Spent = Awaited<ReturnType<typeof spentSince>>['here'];

function sumOf(left: Spent, right: Spent): Spent {
  return { attempts: left.attempts + right.attempts, costUsd: left.costUsd + right.costUsd };
}

/** Sums of money carry the noise of binary fractions; people read cents. */
function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
