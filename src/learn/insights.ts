import type { FailureType } from '../model/failure-type.ts';
import type { AgentInsight, FailureTypeInsight, Insights, Measure, Target } from '../model/insights.ts';
import { countsAsAttempt } from '../model/outcome.ts';
import { countDeliveries, type DeliveryCounts, type LifeRow, readLives } from '../store/insights.ts';
import { type Lesson, readLessons } from '../store/lessons.ts';
import { countMerges } from '../store/merges.ts';
import type { Store } from '../store/open.ts';
import { type OutcomeFigures, readFigures } from '../store/outcomes.ts';
import { routingCorrections } from './corrections.ts';

const MINUTE = 60_000;
/** A delivery that is undecided for longer than this is lost until somebody looks: deciding is tried every 15 seconds. */
const LOST_AFTER_MS = 10 * MINUTE;

export interface Known {
  readonly outcomes: readonly OutcomeFigures[];
  readonly lessons: readonly Lesson[];
  /** In the order in which each subject had them. */
  readonly lives: readonly LifeRow[];
  readonly deliveries: DeliveryCounts;
  /** Repairs that people merged. */
  readonly merges: number;
}

/** What ended at or after `since`, read and counted. */
export async function readInsights({ db }: Pick<Store, 'db'>, since: number, now: number): Promise<Insights> {
  const [outcomes, lessons, lives, deliveries, merges] = await Promise.all([
    readFigures(db, since),
    readLessons(db, since),
    readLives(db, since),
    countDeliveries(db, { since, lostBefore: now - LOST_AFTER_MS }),
    countMerges(db, since),
  ]);
  return insightsOf({ outcomes, lessons, lives, deliveries, merges }, since, now);
}

/** The figures, each with its sample. The targets are those of the public contract (docs/agents.md repeats them). */
export function insightsOf(
  { outcomes, lessons, lives, deliveries, merges }: Known,
  since: number,
  until: number,
): Insights {
  const counted = outcomes.filter(({ outcome }) => countsAsAttempt(outcome));
  const ends = endsOf(lessons, counted);
  const repairs = counted.filter(({ outcome, changed }) => outcome === 'success' && changed);
  const fixTimes = timesToFix(lives);
  const slipped = overlaps(lives);
  return {
    since,
    until,
    targets: {
      correctRouting: above(
        0.9,
        share(repairs, ({ agent, routedAgent }) => agent === routedAgent),
      ),
      duplicatesPrevented: above(1, ratio(deliveries.joined, deliveries.joined + slipped)),
      timeToFixP50: below(15 * MINUTE, percentile(fixTimes, 0.5)),
      fixedAtFirstAttempt: above(
        0.5,
        share(ends, ({ attempts }) => attempts === 1),
      ),
      fixedWithinThree: above(
        0.8,
        share(ends, ({ attempts }) => attempts !== null && attempts <= 3),
      ),
      escalated: below(
        0.1,
        share(ends, ({ attempts }) => attempts === null),
      ),
      deliveriesLost: below(0, { value: deliveries.lost, sample: deliveries.received }),
    },
    timeToFixP90: percentile(fixTimes, 0.9),
    costPerFix: costPerFix(outcomes, ends.filter(({ attempts }) => attempts !== null).length),
    costPerMergedFix: costPer(merges, outcomes),
    byAgent: groups(counted, ({ agent }) => agent).map(([agent, made]) => agentInsight(agent, made)),
    byFailureType: groups(ends, ({ failureType }) => failureType).map(([type, group]) => typeInsight(type, group)),
    byAgentAndFailureType: groups(counted, ({ agent, failureType }) => `${agent} ${failureType}`).flatMap(
      ([, made]) => {
        const first = made[0];
        return first === undefined ? [] : [{ ...agentInsight(first.agent, made), failureType: first.failureType }];
      },
    ),
    escalations: escalations(lives, since),
    corrections: routingCorrections(counted),
  };
}

/** A remediation for which an agent was sent, with the number of the attempt that made it green; null for none. */
interface End {
  readonly failureType: FailureType;
  readonly attempts: number | null;
}

function endsOf(lessons: readonly Lesson[], outcomes: readonly OutcomeFigures[]): readonly End[] {
  const won = new Map(
    outcomes.filter(({ outcome }) => outcome === 'success').map((outcome) => [outcome.remediationId, outcome.number]),
  );
  return lessons.flatMap(({ kind, remediationId, failureType }): readonly End[] => {
    if (kind === 'first_attempt_success') return [{ failureType, attempts: 1 }];
    // What was remembered of the attempt itself may be missing; it was a later one in any case.
    if (kind === 'retry_success') return [{ failureType, attempts: won.get(remediationId) ?? 2 }];
    return kind === 'escalation' ? [{ failureType, attempts: null }] : [];
  });
}

const FIXED: ReadonlySet<string> = new Set(['fixed', 'green_after_rerun', 'green_without_change']);

/** From opening to verified green. What was green by the time anybody looked was not fixed by Healer. */
function timesToFix(lives: readonly LifeRow[]): readonly number[] {
  return lives
    .filter(({ phase, reasonCode }) => phase === 'succeeded' && FIXED.has(reasonCode ?? ''))
    .flatMap(({ createdAt, endedAt }) => (endedAt === null ? [] : [Math.max(0, endedAt - createdAt)]))
    .toSorted((a, b) => a - b);
}

/** Remediations that were opened while another of the same subject was live: duplicates that got through. */
function overlaps(lives: readonly LifeRow[]): number {
  return lives.filter((life, at) => {
    const before = lives[at - 1];
    if (before === undefined || before.subjectKey !== life.subjectKey) return false;
    return before.endedAt === null || before.endedAt > life.createdAt;
  }).length;
}

function escalations(lives: readonly LifeRow[], since: number): Insights['escalations'] {
  const escalated = lives.filter(({ phase, endedAt }) => phase === 'escalated' && endedAt !== null && endedAt >= since);
  return groups(escalated, ({ reasonCode }) => reasonCode ?? 'unknown')
    .map(([reason, group]) => ({ reason, count: group.length }))
    .toSorted((a, b) => b.count - a.count);
}

function costPerFix(outcomes: readonly OutcomeFigures[], fixes: number): Insights['costPerFix'] {
  const costs = outcomes.flatMap(({ costUsd }) => costUsd ?? []);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const value = fixes === 0 || costs.length === 0 ? null : total / fixes;
  return { value, sample: fixes, total, attemptsWithoutCost: outcomes.length - costs.length };
}

/** Null without a merge, or when no attempt reported what it cost. */
function costPer(merges: number, outcomes: readonly OutcomeFigures[]): Measure {
  const costs = outcomes.flatMap(({ costUsd }) => costUsd ?? []);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  return { value: merges === 0 || costs.length === 0 ? null : total / merges, sample: merges };
}

function agentInsight(agent: string, made: readonly OutcomeFigures[]): AgentInsight {
  const isSuccess = ({ outcome }: OutcomeFigures) => outcome === 'success';
  const costs = made.flatMap(({ costUsd }) => costUsd ?? []);
  return {
    agent,
    success: share(made, isSuccess),
    firstAttempt: share(
      made.filter(({ number }) => number === 1),
      isSuccess,
    ),
    cost: costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0),
  };
}

function typeInsight(failureType: FailureType, ends: readonly End[]): FailureTypeInsight {
  return {
    failureType,
    fixedAtFirstAttempt: share(ends, ({ attempts }) => attempts === 1),
    fixedWithinThree: share(ends, ({ attempts }) => attempts !== null && attempts <= 3),
    escalated: share(ends, ({ attempts }) => attempts === null),
  };
}

function groups<T, K extends string>(items: readonly T[], key: (item: T) => K): readonly (readonly [K, T[]])[] {
  return [...Map.groupBy(items, key)].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function share<T>(items: readonly T[], is: (item: T) => boolean): Measure {
  return ratio(items.filter(is).length, items.length);
}

function ratio(part: number, sample: number): Measure {
  return { value: sample === 0 ? null : part / sample, sample };
}

/** Nearest rank; `sorted` ascending. */
function percentile(sorted: readonly number[], at: number): Measure {
  return { value: sorted[Math.ceil(at * sorted.length) - 1] ?? null, sample: sorted.length };
}

function above(target: number, measure: Measure): Target {
  return { ...measure, target, better: 'above' };
}

function below(target: number, measure: Measure): Target {
  return { ...measure, target, better: 'below' };
}
