/** Holding back, visibly: what stands in the way of spending, how often it is looked at again, and until when. */
import { type Reason, reason } from '../model/reason.ts';
import type { Remediation } from '../model/remediation.ts';
import { change, type Result } from './change.ts';
import { waitsForAnother } from './incident.ts';
import type { Policy } from './policy.ts';
import { end, gather } from './steps.ts';

/** What keeps Healer from spending now; null when nothing does. */
export function obstacleTo(policy: Policy, now: number): Reason | null {
  const { load } = policy;
  if (policy.mode === 'paused' || load.paused) return reason('paused');
  if (load.breakerUntil !== null && load.breakerUntil > now) return reason('breaker_open');
  const waiting = waitsForAnother(load.incident, now);
  if (waiting !== null) return waiting;
  if (load.running >= load.maxRunning)
    return reason('at_capacity', `${load.running} of ${load.maxRunning} CodeRuns are running.`);
  const spent = load.allowances.find(({ used, limit }) => used >= limit);
  return spent === undefined ? null : reason(spent.code, `${spent.used} of ${spent.limit} ${spent.what}.`);
}

export function defer(remediation: Remediation, why: Reason, policy: Policy, now: number): Result {
  if (isHeldTooLong(remediation, policy, now)) return deferredTooLong(remediation, why, now);
  return change(remediation, now)
    .to('deferred', now + policy.deferMs, why)
    .say('deferred', why.detail)
    .plan({ kind: 'comment' })
    .done();
}

export function deferredLooksAgain(remediation: Remediation, policy: Policy, now: number): Result {
  const obstacle = obstacleTo(policy, now);
  if (obstacle === null) {
    return gather(
      remediation,
      policy,
      now,
      'resumed',
      'Nothing stands in the way any more; evidence is gathered anew.',
    );
  }
  if (isHeldTooLong(remediation, policy, now)) return deferredTooLong(remediation, obstacle, now);
  const quiet = change(remediation, now).with({ wakeAt: now + policy.deferMs, reason: obstacle });
  return obstacle.code === remediation.reason?.code ? quiet.done() : quiet.say('deferred', obstacle.detail).done();
}

/** Counted from the last thing that went forward; the time in which a person had to approve is not Healer's. */
function isHeldTooLong(remediation: Remediation, policy: Policy, now: number): boolean {
  const since = remediation.attempts.at(-1)?.endedAt ?? remediation.createdAt;
  const approval = remediation.approvedBy === null ? 0 : policy.approvalTimeoutMs;
  return now - since >= policy.maxDeferredMs + approval;
}

function deferredTooLong(remediation: Remediation, why: Reason, now: number): Result {
  return end(
    remediation,
    'escalated',
    reason('no_progress', `Held back for too long: ${why.detail}`),
    now,
    'deferred_too_long',
  );
}
