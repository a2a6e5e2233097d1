import type { preHandlerAsyncHookHandler } from 'fastify';
import type { Clock } from '../../lib/clock.ts';
import type { Classification } from '../../model/evidence.ts';
import type { PersonCommanded } from '../../model/fact.ts';
import type { FailureType } from '../../model/failure-type.ts';
import type { Insights } from '../../model/insights.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { Inbox } from '../../store/inbox.ts';
import type { Store } from '../../store/open.ts';
import type { Metrics } from '../metrics.ts';
import type { CodeRunPort } from './task-port.ts';

/** What a person may ask of a remediation through API, page and terminal. */
export type Command = Extract<PersonCommanded, { verb: 'retry' | 'cancel' | 'approve' }>;

export type CommandResult =
  /** Carried out; the remediation as it is now. A retry of an ended remediation answers with the new one. */
  | { readonly kind: 'done'; readonly remediation: Remediation }
  | { readonly kind: 'not_found' }
  /** Not possible in this state; `detail` says why and what to do. */
  | { readonly kind: 'refused'; readonly detail: string };

export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What the process is: static for its life. */
export interface ServiceInfo {
  readonly version: string;
  readonly mode: string;
  readonly engine: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What API and pages need of the rest of Healer. */
export interface ReportDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly info: ServiceInfo;
  /** Deliveries that are kept and not in the store yet; none without it. */
  readonly inbox?: Pick<Inbox, 'find' | 'waiting'>;
  /** Answers 401 itself, or throws a ProblemError. */
  readonly authorizeRead: preHandlerAsyncHookHandler;
  readonly authorizeWrite: preHandlerAsyncHookHandler;
  command(id: string, command: Command): Promise<CommandResult>;
  /** The engine's word for a CodeRun (Pending, Running, …); null when it does not know it. */
  codeRunPhase?(name: string): Promise<string | null>;
  /** CodeRuns of one's own, and a look at any; absent where there is no engine. */
  readonly codeRuns?: CodeRunPort;
  readiness(): Promise<readonly ReadinessCheck[]>;
  /** What ended since then, milliseconds since the epoch, and how well it went. */
  insights(since: number): Promise<Insights>;
  /** A person paused or resumed; what was held back may be looked at again. */
  pausesChanged?(): void;
  /** Calls `wake` after every step of a remediation in this process, for the stream; ends when called. */
  listen?(wake: () => void): () => void;
  /** The tokens that a person may sign in with; without any, whoever reaches the service may do everything. */
  readonly tokens?: PageTokens;
  /** What may be spent, and what was. */
  budget?(): Promise<Budget>;
  /** The rules in force. */
  rules?(): readonly RuleView[];
  /** What the rules say of a log; nothing comes of it. */
  classify?(input: LogToClassify): Classification;
  /** The end of what the agent of a CodeRun wrote, redacted; null when there is nothing (any more). */
  codeRunOutput?(name: string): Promise<string | null>;
}

export interface PageTokens {
  /** May read and act. */
  readonly write: readonly string[];
  readonly read: readonly string[];
}

export interface Budget {
  readonly running: number;
  readonly maxRunning: number;
  /** Begun today (UTC). */
  readonly attemptsToday: number;
  readonly maxAttemptsPerDay: number | null;
  readonly costTodayUsd: number;
  readonly maxCostUsdPerDay: number | null;
  /** `open` holds every new run back until then, `half_open` lets one through. */
  readonly breaker: { readonly state: 'closed' | 'open' | 'half_open'; readonly until: number | null };
}

/** A routing rule as people read it. */
export interface RuleView {
  readonly id: string;
  /** `lines`: by what logs say; `names`: by what workflows, jobs and files are called. */
  readonly kind: 'lines' | 'names';
  readonly file: string;
  readonly agent: string;
  readonly failureType: FailureType;
  /** What is looked for. */
  readonly looksFor: readonly string[];
  readonly examples: number;
}

export interface LogToClassify {
  readonly log: string;
  readonly workflow: string | null;
  readonly job: string | null;
  readonly changedFiles: readonly string[];
}
