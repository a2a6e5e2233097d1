import type { Phase } from '../../model/remediation.ts';
import { countDispositions, oldestUndecided } from '../../store/deliveries.ts';
import { type Pause, readPauses } from '../../store/pauses.ts';
import { countLive, type Results, readResults } from '../../store/statistics.ts';
import type { ReadinessCheck, ReportDeps } from './deps.ts';

const DAY = 86_400_000;

/** The whole service in one look; read by the status answer and the first page. */
export interface Overview {
  readonly checks: readonly ReadinessCheck[];
  readonly pauses: readonly Pause[];
  readonly live: Readonly<Partial<Record<Phase, number>>>;
  /** Of the last seven days. */
  readonly results: Results;
  /** Deliveries of the last day by reason code. */
  readonly dispositions: Readonly<Record<string, number>>;
  /** Milliseconds that the oldest undecided delivery has been waiting; null when all are decided. */
  readonly oldestUndecidedMs: number | null;
}

export async function readOverview({ store, clock, readiness }: ReportDeps): Promise<Overview> {
  const now = clock();
  const [checks, pauses, live, results, dispositions, oldest] = await Promise.all([
    readiness(),
    readPauses(store.db),
    countLive(store),
    readResults(store, now - 7 * DAY),
    countDispositions(store.db, now - DAY),
    oldestUndecided(store.db),
  ]);
  return {
    checks,
    pauses,
    live,
    results,
    dispositions: Object.fromEntries(dispositions.map(({ reason, count }) => [reason, count])),
    oldestUndecidedMs: oldest === null ? null : Math.max(0, now - oldest),
  };
}
