/** A failure that looks transient: the failed jobs run once more before any agent is sent. */
import type { ChecksRead } from '../model/fact.ts';
import { reason } from '../model/reason.ts';
import type { Remediation } from '../model/remediation.ts';
import { endAttempt } from './attempt.ts';
import { change, type Result, unchanged } from './change.ts';
import type { Policy } from './policy.ts';
import { end, gather } from './steps.ts';

export function rerun(remediation: Remediation, policy: Policy, now: number): Result {
  return change(remediation, now)
    .with({ rerunAt: now })
    .to('rerunning', now + policy.rerunTimeoutMs, reason('transient'))
    .say('rerun', 'The failure looks transient; the failed jobs are re-run once before any agent is sent.')
    .plan({ kind: 'rerun' })
    .plan({ kind: 'read_checks', ordinal: remediation.spawned, phase: 'rerunning' }, now + policy.pollMs)
    .plan({ kind: 'comment' })
    .done();
}

/** Without a re-run the checks stay as they are: red. */
export function rerunRefused(remediation: Remediation, detail: string, policy: Policy, now: number): Result {
  const { phase, rerunAt, phaseSince } = remediation;
  if (phase === 'rerunning')
    return gather(
      remediation,
      policy,
      now,
      'rerun_requested',
      `The jobs could not be re-run (${detail}); an agent is asked instead.`,
    );
  // Only when this verification asked for it: an agent that changed nothing wanted to see CI once more.
  if (phase !== 'verifying' || rerunAt !== phaseSince) return unchanged(remediation);
  const why = `The agent changed nothing, and the jobs could not be re-run (${detail}).`;
  return endAttempt(remediation, 'no_change', why, policy, now);
}

export function rerunRead(remediation: Remediation, fact: ChecksRead, policy: Policy, now: number): Result {
  if (fact.state === 'green') return end(remediation, 'succeeded', reason('green_after_rerun'), now, fact.kind);
  if (fact.state === 'pending') return unchanged(remediation);
  return gather(remediation, policy, now, fact.kind, 'Still red after the re-run; an agent is asked.');
}
