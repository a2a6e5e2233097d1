import type { Agent } from '../../model/agent.ts';
import type { Classification, ContextFinding } from '../../model/evidence.ts';
import type { Attempt, Remediation } from '../../model/remediation.ts';
import type { FailedCheck } from '../../model/signal.ts';
import type { Redactor } from '../../safety/index.ts';
import type { ChangedFile } from '../evidence.ts';

/** Everything that a prompt is made from. */
export interface PromptInput {
  readonly remediation: Remediation;
  readonly agent: Agent;
  readonly classification: Classification;
  readonly findings: readonly ContextFinding[];
  /** The checks that must become green; the remediation's own when not given. */
  readonly failedChecks?: readonly FailedCheck[];
  readonly targetBranch: string;
  /** The branch to make the target branch from when it does not exist yet; null when it exists. */
  readonly baseBranch?: string | null;
  /** Number of this attempt, from 1. */
  readonly attemptNumber: number;
  readonly maxAttempts: number;
  /** A word that nobody could have guessed (`createNonce()`), new for each prompt. */
  readonly nonce: string;
  readonly budgetChars: number;
  /** The scope in which the evidence was redacted. */
  readonly redactor: Redactor;
  /** Attempts that earlier remediations of the same thing made since it was last green, oldest first. */
  readonly earlierAttempts?: readonly Attempt[];
  /** What the last attempt's commit changed, when it is known. */
  readonly lastAttemptFiles?: readonly ChangedFile[] | null;
}
