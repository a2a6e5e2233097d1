import type { preHandlerAsyncHookHandler } from 'fastify';
import type { Clock } from '../../lib/clock.ts';
import type { PersonCommanded } from '../../model/fact.ts';
import type { Insights } from '../../model/insights.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { Store } from '../../store/open.ts';
import type { Metrics } from '../metrics.ts';

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
  /** Answers 401 itself, or throws a ProblemError. */
  readonly authorizeRead: preHandlerAsyncHookHandler;
  readonly authorizeWrite: preHandlerAsyncHookHandler;
  command(id: string, command: Command): Promise<CommandResult>;
  /** The engine's word for a CodeRun (Pending, Running, …); null when it does not know it. */
  codeRunPhase?(name: string): Promise<string | null>;
  readiness(): Promise<readonly ReadinessCheck[]>;
  /** What ended since then, milliseconds since the epoch, and how well it went. */
  insights(since: number): Promise<Insights>;
  /** A person paused or resumed; what was held back may be looked at again. */
  pausesChanged?(): void;
}
