import type { Phase } from '../../model/remediation.ts';
import { countDispositions, oldestUndecided } from '../../store/deliveries.ts';
import { type Pause, readPauses } from '../../store/pauses.ts';
import { countLive, type Results, readResults } from '../../store/statistics.ts';
import type { ReadinessCheck, ReportDeps } from './deps.ts';

const DAY = 86_400_000;

/** How the service is at this moment: what the first page begins with. */
export interface State {
  readonly checks: readonly ReadinessCheck[];
  readonly pauses: readonly Pause[];
  readonly live: Readonly<Partial<Record<Phase, number>>>;
  /** Milliseconds that the oldest undecided delivery has been waiting; null when all are decided. */
  readonly oldestUndecidedMs: number | null;
}

/** The whole service in one look, for the status answer. */
export interface Overview extends State {
  /** Of the last seven days. */
  readonly results: Results;
  /** Deliveries of the last day by reason code. */
  readonly dispositions: Readonly<Record<string, number>>;
}

export async function readState({ store, inbox, clock, readiness }: ReportDeps): Promise<State> {
  const now = clock();
  const [checks, pauses, live, oldest] = await Promise.all([
    readiness(),
    readPauses(store.db),
    countLive(store),
    oldestUndecided(store.db),
  ]);
  const waiting = [oldest, inbox?.waiting().oldest ?? null].filter((at) => at !== null);
  const oldestUndecidedMs = waiting.length === 0 ? null : Math.max(0, now - Math.min(...waiting));
  return { checks, pauses, live, oldestUndecidedMs };
}

export async function readOverview(deps: ReportDeps): Promise<Overview> {
  const { store, clock } = deps;
  const [state, results, dispositions] = await Promise.all([
    readState(deps),
    readResults(store, clock() - 7 * DAY),
    countDispositions(store.db, clock() - DAY),
  ]);
  return {
    ...state,
    results,
    dispositions: Object.fromEntries(dispositions.map(({ reason, count }) => [reason, count])),
  };
}
