import type { FailureType } from '../../model/failure-type.ts';
import type { RememberedOutcome, SimilarOutcome } from '../../store/outcomes.ts';

/** What a memory is asked by. */
export interface RecallQuery {
  /** Null asks by failure type and words alone. */
  readonly fingerprint: string | null;
  readonly failureType: FailureType | null;
  readonly repository: string;
  /** What the log says of the failure; empty when there was none. Went through the safety gate. */
  readonly words: string;
  readonly limit: number;
  /** What is being repaired now is no memory of itself. */
  readonly exceptRemediation: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Where outcomes are kept. A folder beside this file; passes the contract suite (test/contract/memories.ts). Texts that
 * come in went through the safety gate; texts that come out are data from outside.
 */
export interface Memory {
  /** The folder's name. */
  readonly name: string;
  /** Keeps how an attempt ended; told twice, it is remembered once. */
  remember(outcome: RememberedOutcome, signal: AbortSignal): Promise<void>;
  /** The nearest first: the same breakage here, then elsewhere, then what is alike. Throws when it gives no answer. */
  recall(query: RecallQuery, signal: AbortSignal): Promise<readonly SimilarOutcome[]>;
}

export const keyOf = ({ remediationId, ordinal }: Pick<RememberedOutcome, 'remediationId' | 'ordinal'>): string =>
  `${remediationId}:${ordinal}`;
