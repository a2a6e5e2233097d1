import { causeKey, takesCauses } from '../model/cause.ts';
import { reason } from '../model/reason.ts';
import type { Cause, Remediation } from '../model/remediation.ts';
import { change, type Result, unchanged } from './change.ts';
import type { Policy } from './policy.ts';
import { end, gather } from './steps.ts';

export function causeJoined(remediation: Remediation, cause: Cause, policy: Policy, now: number): Result {
  if (!takesCauses(remediation.phase)) return unchanged(remediation);
  const key = causeKey(cause);
  const isKnown = remediation.causes.some((known) => causeKey(known) === key);
  const causes = [...remediation.causes.filter((known) => causeKey(known) !== key), cause];
  const message = `Joined: ${key}.`;
  // The brief that is being put together does not hold it: begun anew, the round under way is dropped.
  if (!isKnown && remediation.phase === 'gathering')
    return gather({ ...remediation, causes }, policy, now, 'cause_joined', message);
  const joined = change(remediation, now).with({ causes });
  return isKnown ? joined.done() : joined.say('cause_joined', message).done();
}

/** Without any cause left there is nothing to repair. */
export function causeResolved(remediation: Remediation, key: string, detail: string, now: number): Result {
  const causes = remediation.causes.filter((known) => causeKey(known) !== key);
  if (causes.length === remediation.causes.length) return unchanged(remediation);
  const left = { ...remediation, causes };
  if (causes.length === 0 && remediation.failedChecks.length === 0) {
    return end(left, 'superseded', reason('alert_resolved', detail), now, 'cause_resolved');
  }
  return change(left, now).say('cause_resolved', detail).done();
}
