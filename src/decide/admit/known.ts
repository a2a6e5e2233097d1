import type { Remediation } from '../../model/remediation.ts';

/** What the store knows about the place that a signal speaks of. */
export interface KnownFacts {
  /** Whose run it is, live or ended. */
  readonly ofRun: Remediation | null;
  readonly live: Remediation | null;
  readonly lastEnded: Remediation | null;
  /** Attempts that the open lineage has spent; null when there is none. */
  readonly lineageAttempts: number | null;
}
