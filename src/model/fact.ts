import type { AgentName } from './agent.ts';
import type { ChangeConcern } from './change-concern.ts';
import type { FailureType } from './failure-type.ts';
import type { AgentReport } from './outcome.ts';
import type { Reason } from './reason.ts';
import type { Cause, Guidance } from './remediation.ts';
import type { FailedCheck } from './signal.ts';

/** Something that became known about a remediation; the only thing that moves it. */
export type Fact =
  | FailureJoined
  | CauseJoined
  | CauseResolved
  | CiEventSeen
  | TimerRang
  | EvidenceGathered
  | GatherFailed
  | CodeRunCreated
  | CodeRunEnded
  | ChecksRead
  | RerunRequested
  | PullRequestOpened
  | Withdrawn
  | PersonCommanded;

/** Another event about the same breakage arrived. */
export interface FailureJoined {
  readonly kind: 'failure_joined';
  readonly checks: readonly FailedCheck[];
  readonly runId: number | null;
  readonly headSha: string;
}

/** Another alert, finding or stage of the same breakage arrived. */
export interface CauseJoined {
  readonly kind: 'cause_joined';
  readonly cause: Cause;
}

/** One of the causes is no more; `key` as `causeKey` makes it. */
export interface CauseResolved {
  readonly kind: 'cause_resolved';
  readonly key: string;
  /** In one sentence, who or what resolved it. */
  readonly detail: string;
}

/** An event about CI on this remediation's branches; a reason to look at the checks now. */
export interface CiEventSeen {
  readonly kind: 'ci_event_seen';
  readonly headSha: string;
  readonly conclusion: string;
}

/** The time of `wakeAt` has come. */
export interface TimerRang {
  readonly kind: 'timer_rang';
}

/** Evidence for the next attempt is there and stored as a brief. */
export interface EvidenceGathered {
  readonly kind: 'evidence_gathered';
  readonly briefId: string;
  readonly agent: AgentName;
  /** Why it is not the agent whom the rules named; missing when it is. */
  readonly agentReason?: string;
  readonly failureType: FailureType;
  readonly confidence: number;
  readonly rule: string;
  readonly fingerprint: string;
  readonly transient: boolean;
  /** The broken branch, for causes that did not name it. */
  readonly branch: string;
  readonly targetBranch: string;
  readonly pullRequest: number | null;
  readonly headSha: string;
  readonly failedChecks: readonly FailedCheck[];
  /** Names of red checks that the repository does not want repaired; success does not wait for them. */
  readonly ignoredChecks?: readonly string[];
  /** Places in the evidence that read like instructions to an agent, each in a few words. */
  readonly suspicious?: readonly string[];
  readonly verdict: Verdict;
}

/** What the gates that need the evidence say. */
export type Verdict =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'needs_approval'; readonly reason: Reason }
  | {
      readonly kind: 'stop';
      readonly phase: 'cancelled' | 'superseded' | 'succeeded' | 'escalated';
      readonly reason: Reason;
    };

export interface GatherFailed {
  readonly kind: 'gather_failed';
  readonly detail: string;
}

export interface CodeRunCreated {
  readonly kind: 'coderun_created';
  readonly ordinal: number;
  readonly name: string;
}

export interface CodeRunEnded {
  readonly kind: 'coderun_ended';
  readonly ordinal: number;
  readonly how: 'succeeded' | 'failed' | 'deadline' | 'cancelled' | 'infrastructure';
  readonly detail: string;
  readonly report: AgentReport | null;
}

/** The state of the checks that have to become green. */
export interface ChecksRead {
  readonly kind: 'checks_read';
  /** The commit they were read on: the agent's or a later one. */
  readonly sha: string;
  readonly state: 'green' | 'red' | 'pending';
  readonly red: readonly FailedCheck[];
  readonly pending: readonly string[];
  /** Set when the agent's commit is not on the target branch; the attempt then counts as failed. */
  readonly problem: string | null;
  /** What is to be said of the agent's change, once it is green. */
  readonly concerns?: readonly ChangeConcern[];
  /** Why the change does not count as a repair although it is green; the attempt then counts as failed. */
  readonly refusal?: string | null;
}

export interface RerunRequested {
  readonly kind: 'rerun_requested';
  /** False when CI does not allow it; the machine then goes on without. */
  readonly accepted: boolean;
  readonly detail: string;
}

/** The agent's branch has a pull request now. */
export interface PullRequestOpened {
  readonly kind: 'pull_request_opened';
  readonly number: number;
}

/** The reason to repair went away. */
export interface Withdrawn {
  readonly kind: 'withdrawn';
  readonly phase: 'cancelled' | 'superseded';
  readonly reason: Reason;
}

export type PersonCommanded =
  | { readonly kind: 'person_commanded'; readonly verb: 'cancel'; readonly by: string }
  | { readonly kind: 'person_commanded'; readonly verb: 'approve'; readonly by: string }
  | {
      readonly kind: 'person_commanded';
      readonly verb: 'retry';
      readonly by: string;
      readonly guidance: Guidance | null;
    }
  | { readonly kind: 'person_commanded'; readonly verb: 'route'; readonly by: string; readonly agent: AgentName };
