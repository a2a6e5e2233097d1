/** The two moves that several phases share: towards another attempt, and to the end. */
import type { Reason } from '../model/reason.ts';
import { reason } from '../model/reason.ts';
import type { Remediation } from '../model/remediation.ts';
import { change, type Result } from './change.ts';
import { nextOrdinal } from './lineage.ts';
import type { Policy } from './policy.ts';

/** A delay that doubles grows no further than this many times; about an hour and a half with the defaults. */
export const MAX_DOUBLINGS = 10;

/**
 * Asks for evidence for the next attempt; the only way into `gathering`. After a failure it is asked for later each
 * time, or a short outage of GitHub would use up all tries at once.
 */
export function gather(
  remediation: Remediation,
  policy: Policy,
  now: number,
  event: string,
  message: string,
  failures = 0,
): Result {
  const dueAt = failures === 0 ? now : now + policy.retryDelayMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS);
  return change(remediation, now)
    .with({ gatherFailures: failures })
    .to('gathering', dueAt + policy.gatherTimeoutMs)
    .say(event, message)
    .plan({ kind: 'gather', ordinal: nextOrdinal(remediation), round: now }, dueAt)
    .done();
}

export function gatherFailed(remediation: Remediation, detail: string, policy: Policy, now: number): Result {
  const failures = remediation.gatherFailures + 1;
  if (failures >= policy.maxGatherFailures) {
    const why = reason('no_progress', `Evidence could not be gathered ${failures} times; last: ${detail}`);
    return end(remediation, 'escalated', why, now, 'gather_failed');
  }
  return gather(
    remediation,
    policy,
    now,
    'gather_failed',
    `Gathering failed (${detail}); it is tried again.`,
    failures,
  );
}

/** Into a terminal phase. A CodeRun under way is stopped, its attempt closed. */
export function end(
  remediation: Remediation,
  phase: 'succeeded' | 'escalated' | 'cancelled' | 'superseded',
  why: Reason,
  now: number,
  event: string,
): Result {
  const current = remediation.attempts.at(-1);
  const running = current !== undefined && current.endedAt === null ? current : null;
  const attempts = running
    ? [
        ...remediation.attempts.slice(0, -1),
        { ...running, endedAt: now, outcome: 'cancelled' as const, detail: why.detail },
      ]
    : remediation.attempts;
  const ending = change({ ...remediation, attempts }, now)
    .to(phase, null, why)
    .say(event, why.detail)
    .plan({ kind: 'comment' });
  return running ? ending.plan({ kind: 'cancel_run', ordinal: running.ordinal }).done() : ending.done();
}
