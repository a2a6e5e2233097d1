import { pullOfRef } from '../../lib/github/pull-ref.ts';
import { type Reason, reason } from '../../model/reason.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { PullRequestChanged } from '../../model/signal.ts';
import { type Admission, isAgentsCommit, look, pass, repositoryAllowed } from './admission.ts';
import type { KnownFacts } from './known.ts';
import type { AdmissionPolicy } from './policy.ts';
import { isOptOutLabel } from './verdict.ts';

/** What a change of a pull request or branch means for what is under way there. */
export function admitPullRequestChange(
  signal: PullRequestChanged,
  known: KnownFacts,
  policy: AdmissionPolicy,
  now: number,
): Admission {
  const refused = repositoryAllowed({ signal, known, policy, now });
  if (refused !== null) return refused;
  const { live } = known;
  // A fork's branch is not ours, unless a person asked for a repair: then it goes by the pull request's own reference.
  if (signal.fromFork && (live === null || live.branch !== signal.branch || pullOfRef(signal.branch) === null))
    return pass('ignored', reason('fork', 'The pull request comes from a fork; its branch is not ours.'));
  if (live === null) return pass('ignored', reason('not_a_failure', 'Nothing is under way on that branch.'));
  const withdrawal = signal.branch === live.branch ? onBrokenBranch(signal, live) : onAgentsBranch(signal);
  if (withdrawal === null) return look(live, signal.headSha ?? live.headSha, 'progress_noted');
  return {
    kind: 'tell',
    remediation: live,
    fact: { kind: 'withdrawn', ...withdrawal },
    reason: withdrawal.reason,
  };
}

interface Withdrawal {
  readonly phase: 'cancelled' | 'superseded';
  readonly reason: Reason;
}

function onBrokenBranch(signal: PullRequestChanged, live: Remediation): Withdrawal | null {
  switch (signal.change) {
    case 'closed':
    case 'merged':
      if (live.pullRequest !== null && live.pullRequest !== signal.number && pullOfRef(live.branch) !== signal.number)
        return null;
      return cancelled(reason('pull_request_closed', `Pull request #${signal.number} was ${signal.change}.`));
    case 'branch_deleted':
      return cancelled(reason('branch_gone', `The branch ${signal.branch} was deleted.`));
    case 'labeled':
      if (signal.label === null || !isOptOutLabel(signal.label)) return null;
      return cancelled(reason('opted_out', `The pull request was labelled ${signal.label}.`));
    case 'head_moved':
      return headMoved(signal, live);
    default:
      return null;
  }
}

function headMoved({ headSha }: PullRequestChanged, live: Remediation): Withdrawal | null {
  if (headSha === null || headSha === live.headSha || isAgentsCommit({ headSha }, live)) return null;
  // While an agent works or its commit is verified, a push may be the agent's own; CI will tell about it.
  if (live.phase === 'working' || live.phase === 'verifying' || live.phase === 'rerunning') return null;
  const detail = `${headSha.slice(0, 8)} replaced ${live.headSha.slice(0, 8)}.`;
  return { phase: 'superseded', reason: reason('newer_commit', detail) };
}

/** The branch that holds the repair: people who merge or close it have taken the matter into their hands. */
function onAgentsBranch({ change, number }: PullRequestChanged): Withdrawal | null {
  if (change === 'merged') {
    return {
      phase: 'superseded',
      reason: reason('pull_request_closed', `People merged the repair, pull request #${number}.`),
    };
  }
  return change === 'closed'
    ? cancelled(reason('pull_request_closed', `People closed the repair, pull request #${number}.`))
    : null;
}

function cancelled(why: Reason): Withdrawal {
  return { phase: 'cancelled', reason: why };
}
