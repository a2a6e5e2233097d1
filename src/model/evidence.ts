import type { AgentName } from './agent.ts';
import type { FailureCategory, FailureType } from './failure-type.ts';

/** One line that made the classifier decide. */
export interface EvidenceLine {
  /** Counts from 1 in the input. */
  readonly line: number;
  /** The line without time stamp and escape codes; redacted before it is stored or shown. */
  readonly text: string;
  /** The id of the rule that matched. */
  readonly rule: string;
  readonly weight: number;
}

/** The lines a person would show a colleague. */
export interface Excerpt {
  readonly text: string;
  /** First and last line of each part, counted from 1 in the input, both inclusive, ascending. */
  readonly ranges: readonly (readonly [number, number])[];
  /** How many lines `text` holds. */
  readonly lines: number;
  /** How many lines the input holds. */
  readonly totalLines: number;
}

/** What broke and who should repair it. */
export interface Classification {
  readonly agent: AgentName;
  readonly failureType: FailureType;
  readonly category: FailureCategory;
  /** A re-run of the failed jobs is worth trying before any agent. */
  readonly transient: boolean;
  /** 0 to 1; below 0.5 `reason` says what would settle it. */
  readonly confidence: number;
  /** The id of the deciding rule. */
  readonly rule: string;
  /** One sentence for people. */
  readonly reason: string;
  /** Hex; equal for the same breakage seen again, whatever the times, ids, versions and paths. */
  readonly fingerprint: string;
  /** Strongest first. */
  readonly evidence: readonly EvidenceLine[];
  readonly excerpt: Excerpt;
}

/** How asking one source of context went. */
export type SourceStatus = 'found' | 'empty' | 'failed' | 'timed_out' | 'not_configured' | 'not_relevant';

/** What one source of context found; a source that fails is a fact, not an error. */
export interface ContextFinding {
  /** The source's folder name, for example `github-logs`. */
  readonly source: string;
  readonly status: SourceStatus;
  /** Milliseconds from question to answer. */
  readonly durationMs: number;
  /** One sentence for people: what was found, or why nothing was. */
  readonly summary: string;
  /** Markdown body for the prompt, redacted; null when nothing was found. */
  readonly body: string | null;
  /** Where a person can look it up. */
  readonly url: string | null;
  /** Something was left out to stay within the source's budget. */
  readonly truncated: boolean;
}
