import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createElection, type ElectionView, type LeasePort } from '../coderun/reconcile/leader.ts';
import { createMonotonicClock } from '../coderun/reconcile/leader-clock.ts';
import type { ElectionPolicy } from '../coderun/reconcile/leader-decision.ts';
import { ALWAYS_LEADER, type Leadership } from '../coderun/reconcile/leadership.ts';
import { systemSchedule } from '../coderun/reconcile/queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../report/metrics.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

/** Whether this process drives CodeRuns, and what is known of who does. */
export interface Leading extends Leadership {
  /** Null where nobody else can lead. */
  view(): ElectionView | null;
  /** To be called when nothing is written any more: gives the lease back, so that the next one need not wait for it. */
  stop(): Promise<void>;
}

export interface LeadingDeps {
  readonly settings: Pick<Settings, 'leaseSeconds'>;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'leader'>;
  /** Null when the process is alone (embedded store and local engine): it always leads. */
  readonly lease: LeasePort | null;
}

/** Contends for the lease from now on. */
export function startLeading({ settings, log, clock, metrics, lease }: LeadingDeps): Leading {
  if (lease === null) {
    metrics.leader(true);
    return { ...ALWAYS_LEADER, view: () => null, stop: async () => {} };
  }
  const election = createElection({
    lease,
    // A pod's name comes again with a StatefulSet, and so does a machine's: a process must not take its predecessor's
    // lease for its own.
    self: `${hostname()}_${randomUUID().slice(0, 8)}`,
    policy: electionPolicy(settings.leaseSeconds),
    monotonic: createMonotonicClock(),
    clock,
    schedule: systemSchedule,
    random: Math.random,
    onError: (error) => log.warn({ error }, 'the lease could not be asked for'),
  });
  metrics.leader(false);
  election.subscribe((isLeader) => {
    metrics.leader(isLeader);
    log.info({ leader: isLeader, ...election.view() }, 'leadership changed');
  });
  election.start();
  return election;
}

/** client-go's proportions: given up a third of the duration early, asked for about seven times within it. */
export function electionPolicy(leaseSeconds: number): ElectionPolicy {
  const durationMs = leaseSeconds * 1_000;
  return { durationMs, marginMs: durationMs / 3, retryMs: durationMs / 7.5 };
}
