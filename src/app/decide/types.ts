import type { AdmissionPolicy } from '../../decide/admit/policy.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Disposition } from '../../model/delivery.ts';
import type { Classification } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { CiSignal } from '../../model/signal.ts';
import type { Machine, Step } from '../../remediate/machine.ts';
import type { Tx } from '../../store/open.ts';

export type Guess = Pick<Classification, 'agent' | 'failureType' | 'confidence' | 'rule'>;

export interface DeciderOptions {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly admission: AdmissionPolicy;
  /** The first guess, from names alone; the log settles it later. */
  readonly guess: (signal: CiSignal) => Guess;
  /** A branch turned green by itself; done in the same transaction. */
  readonly onHealthy?: (tx: Tx, subjectKey: string, now: number) => Promise<void>;
}

/** One decision under way: what is needed, and the steps to publish after the commit. */
export interface Deciding extends DeciderOptions {
  readonly steps: Step[];
}

export function accepted(dedupStatus: 'new' | 'existing', remediationId: string, why: Reason): Disposition {
  return { status: 'accepted', dedupStatus, remediationId, reason: why };
}
