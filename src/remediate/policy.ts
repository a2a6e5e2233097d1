/** What the transition function may take for granted. All times in milliseconds. */
export interface Policy {
  /** Attempts that one lineage may spend; CONTRACT section 3 `maxAttempts`. */
  readonly maxAttempts: number;
  /** CodeRuns that one lineage may have in all, counted as attempts or not: cancelled and failed ones cost as well. */
  readonly maxRuns: number;
  /** CodeRuns in a row that the infrastructure may fail before people are asked. */
  readonly maxInfrastructureFailures: number;
  /** Times in a row that gathering may fail before people are asked. */
  readonly maxGatherFailures: number;
  /** How long more failures of the same run are awaited before evidence is gathered. */
  readonly settleMs: number;
  readonly gatherTimeoutMs: number;
  /** How long a CodeRun may run; CONTRACT section 3 “run deadline”. */
  readonly runDeadlineMs: number;
  /** Added to the run deadline before a CodeRun that reported nothing is given up. */
  readonly runGraceMs: number;
  readonly verifyTimeoutMs: number;
  readonly rerunTimeoutMs: number;
  /** Time between two looks at the checks when no event comes. */
  readonly pollMs: number;
  /** Wait before the first retry; doubles with each further one. */
  readonly retryDelayMs: number;
  /** Time between two looks at the limits while deferred. */
  readonly deferMs: number;
  readonly maxDeferredMs: number;
  readonly approvalTimeoutMs: number;
  readonly mode: 'live' | 'shadow' | 'paused';
  /** What stands in the way of spending at this moment, as the caller read it in the same transaction. */
  readonly load: Load;
}

export interface Load {
  /** Remediations in phase `working`, this one not counted. */
  readonly running: number;
  readonly maxRunning: number;
  readonly paused: boolean;
  /** Until when the breaker holds spending back; null when it is closed. */
  readonly breakerUntil: number | null;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The defaults of CONTRACT section 3, and our own where it is silent. */
export const DEFAULT_POLICY: Policy = {
  maxAttempts: 3,
  maxRuns: 12,
  maxInfrastructureFailures: 3,
  maxGatherFailures: 5,
  settleMs: 5_000,
  gatherTimeoutMs: 3 * MINUTE,
  runDeadlineMs: 2 * HOUR,
  runGraceMs: 10 * MINUTE,
  verifyTimeoutMs: 30 * MINUTE,
  rerunTimeoutMs: 30 * MINUTE,
  pollMs: 20_000,
  retryDelayMs: 5_000,
  deferMs: 30_000,
  maxDeferredMs: 24 * HOUR,
  approvalTimeoutMs: 72 * HOUR,
  mode: 'live',
  load: { running: 0, maxRunning: 5, paused: false, breakerUntil: null },
};
