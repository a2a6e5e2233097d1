import type { Remediation } from '../model/remediation.ts';
import type { EvidenceFacts } from './evidence.ts';

/** What one source may cost. */
export interface SourceBudget {
  readonly timeMs: number;
  /** Bytes that may be kept of what the source downloads. */
  readonly bytes: number;
}

export interface SourceContext {
  readonly remediation: Remediation;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Fires when the source's time is up; what it returns after that is not waited for. */
  readonly signal: AbortSignal;
  readonly budget: SourceBudget;
  readonly shared: SharedReads;
  /** What the log says of the failure, once it is classified; empty before, and without a log. */
  readonly words: string;
  /** Hands in facts as soon as they are known: they count even if the source does not finish in time. */
  readonly learn: (facts: Partial<EvidenceFacts>) => void;
}

/** Reads that several sources need; each is made once per gathering and lives as long as the gathering. */
export interface SharedReads {
  once<T>(key: string, read: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** What asking led to. `time-out` and `not relevant` are the gatherer's to say, not the source's. */
export interface SourceAnswer {
  readonly status: 'found' | 'empty' | 'failed' | 'not_configured';
  /** One sentence for people. */
  readonly summary: string;
  /** Text for the prompt; shown as data, so it needs no escaping. Null when nothing was found. */
  readonly body: string | null;
  readonly url: string | null;
  readonly truncated: boolean;
}

/**
 * One system that may know something. A folder under `sources/` and a line in its index; passes the contract suite
 * (test/contract/context-sources.ts).
 */
export interface ContextSource {
  /** The folder's name. */
  readonly name: string;
  readonly budget: SourceBudget;
  /** It needs the fingerprint of this very failure, which only the others' evidence gives; asked once they answered. */
  readonly afterClassifying?: true;
  /** Whether asking makes sense; asked before any budget is spent, so without effects. */
  relevant(remediation: Remediation): boolean;
  /** Says how it went by status; an exception counts as `failed`. */
  ask(context: SourceContext): Promise<SourceAnswer>;
}

export const answer = {
  found: (
    summary: string,
    body: string,
    more: { readonly url?: string | null; readonly truncated?: boolean } = {},
  ): SourceAnswer => ({ status: 'found', summary, body, url: more.url ?? null, truncated: more.truncated ?? false }),
  empty: (summary: string): SourceAnswer => ({ status: 'empty', summary, body: null, url: null, truncated: false }),
  notConfigured: (summary: string): SourceAnswer => ({
    status: 'not_configured',
    summary,
    body: null,
    url: null,
    truncated: false,
  }),
  failed: (summary: string): SourceAnswer => ({ status: 'failed', summary, body: null, url: null, truncated: false }),
};
