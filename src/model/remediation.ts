import type { AgentName } from './agent.ts';
import type { ChangeConcern } from './change-concern.ts';
import type { FailureType } from './failure-type.ts';
import type { AgentReport, Outcome } from './outcome.ts';
import type { Reason } from './reason.ts';
import type { FailedCheck, PlatformAlertSignal, PlayFailedSignal, ReviewSignal, SecuritySignal } from './signal.ts';

export const PHASES = [
  'received',
  'gathering',
  'deferred',
  'rerunning',
  'awaiting_approval',
  'working',
  'verifying',
  'retrying',
  'succeeded',
  'escalated',
  'cancelled',
  'superseded',
] as const;

export type Phase = (typeof PHASES)[number];

export const TERMINAL_PHASES = ['succeeded', 'escalated', 'cancelled', 'superseded'] as const satisfies Phase[];

export function isTerminal(phase: Phase): boolean {
  return (TERMINAL_PHASES as readonly Phase[]).includes(phase);
}

/** A signal that is itself the thing to repair. */
export type Cause = SecuritySignal | ReviewSignal | PlatformAlertSignal | PlayFailedSignal;

/** What kind of thing is broken; also the middle part of a CodeRun's name. */
export type RemediationKind = 'ci' | 'sec' | 'review' | 'play' | 'alert';

/** The life of one broken thing until it is green or given up. Times are milliseconds since the epoch. */
export interface Remediation {
  /** ULID. */
  readonly id: string;
  /** The public handle: `ci-<run>`, `sec-<kind>-<n>`; unique. */
  readonly taskId: string;
  readonly kind: RemediationKind;
  readonly repository: string;
  /** The broken branch; empty until the evidence names it when the signal did not. */
  readonly branch: string;
  readonly defaultBranch: string | null;
  /** What may be live only once, for example `ci:acme/shop:main`. */
  readonly subjectKey: string;
  readonly lineageId: string;

  readonly phase: Phase;
  readonly phaseSince: number;
  /** Why it is in this phase; always set in a terminal phase. */
  readonly reason: Reason | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
  /** When the machine must look again even if no event comes; null only in a terminal phase. */
  readonly wakeAt: number | null;

  /** The commit that was red; empty until the evidence names it when the signal did not. */
  readonly headSha: string;
  /** The Actions run it began with; null when CI is not GitHub Actions. */
  readonly runId: number | null;
  readonly workflowName: string | null;
  readonly url: string | null;
  /** Every check that was red at the start; success means that each of them is green. */
  readonly failedChecks: readonly FailedCheck[];
  /** What asks for a repair besides red checks: alerts, findings, a failed play. Empty for plain CI failures. */
  readonly causes: readonly Cause[];
  readonly commitMessage: string | null;
  readonly fromFork: boolean | null;
  readonly pullRequest: number | null;
  /** Where the agent pushes; null until evidence was gathered. */
  readonly targetBranch: string | null;

  readonly agent: AgentName | null;
  readonly failureType: FailureType | null;
  readonly confidence: number | null;
  readonly rule: string | null;
  readonly fingerprint: string | null;
  /** The failed jobs were re-run once because the failure looked transient. */
  readonly rerunAt: number | null;
  /** Words of a person for the next attempt. */
  readonly guidance: Guidance | null;
  /** A person asked for this agent. */
  readonly pinnedAgent: AgentName | null;
  readonly approvedBy: string | null;

  /** In the order they were made; the last one may be under way. */
  readonly attempts: readonly Attempt[];
  /** Attempts that earlier remediations of the same lineage spent. */
  readonly attemptsBefore: number;
  /** CodeRuns made in this lineage, counted or not; the source of their names. */
  readonly spawned: number;
  /** Times in a row that evidence could not be gathered. */
  readonly gatherFailures: number;
}

export interface Guidance {
  readonly text: string;
  readonly mode: 'append' | 'replace';
  readonly by: string;
}

/** One CodeRun made for a remediation. */
export interface Attempt {
  /** Counts from 1 within the lineage; an attempt that did not count shares its number with the next. */
  readonly number: number;
  /** Counts every CodeRun of the lineage from 1; CodeRun `contextVersion`. */
  readonly ordinal: number;
  readonly agent: AgentName;
  readonly failureType: FailureType;
  readonly briefId: string;
  /** Null until the CodeRun exists. */
  readonly codeRunName: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: Outcome | null;
  /** What the agent said of its work; redacted. */
  readonly report: AgentReport | null;
  /** Why it ended as it did, in one sentence. */
  readonly detail: string | null;
  /** Names of the checks that were red after it. */
  readonly stillRed: readonly string[];
  /** The commit that its agent was to repair; missing in attempts of earlier versions. */
  readonly baseSha?: string;
  /** What is to be said of its change; missing until CI was green on it. */
  readonly concerns?: readonly ChangeConcern[];
}

/** Something a person can read about a remediation, oldest first. */
export interface TimelineEntry {
  readonly at: number;
  readonly phase: Phase;
  /** A stable word for machines: the fact's kind. */
  readonly event: string;
  /** One sentence for people. */
  readonly message: string;
}
