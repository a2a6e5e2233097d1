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
  /** Limits besides the number of CodeRuns everywhere; the first that is used up holds spending back. */
  readonly allowances: readonly Allowance[];
  /** The wave that this remediation is part of; null when it is in none. */
  readonly incident: IncidentLoad | null;
}

/** A limit with what is used of it. */
export interface Allowance {
  readonly code: 'repository_at_capacity' | 'daily_attempts' | 'daily_cost';
  readonly used: number;
  readonly limit: number;
  /** Finishes the sentence “… of … ”: `CodeRuns are running in acme/shop`. */
  readonly what: string;
}

/** How a remediation stands in the incident that it is part of. */
export interface IncidentLoad {
  /** What they have in common, for people. */
  readonly what: string;
  /** The task id of the remediation that goes ahead. */
  readonly lead: string;
  /** This remediation is the one that goes ahead. */
  readonly isLead: boolean;
  /** The task id of another remediation about which people were asked already; null when nobody was. */
  readonly escalatedAs: string | null;
  /** Whatever happens, nobody waits longer. */
  readonly until: number;
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
  load: { running: 0, maxRunning: 5, paused: false, breakerUntil: null, allowances: [], incident: null },
};
