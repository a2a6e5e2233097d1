import { admitCi } from '../../decide/admit/admission.ts';
import { admitPullRequestChange } from '../../decide/admit/pull-request.ts';
import { pullRef } from '../../lib/github/pull-ref.ts';
import type { Disposition } from '../../model/delivery.ts';
import { reason } from '../../model/reason.ts';
import type { CiSignal, PullRequestChanged } from '../../model/signal.ts';
import { rememberMerge } from '../../store/merges.ts';
import type { Tx } from '../../store/open.ts';
import { carryOut } from './carry-out.ts';
import { branchSubject, factsOfBranch } from './known-facts.ts';
import { openRemediation } from './open.ts';
import { accepted, type Deciding } from './types.ts';

export async function decideCi(tx: Tx, signal: CiSignal, deciding: Deciding): Promise<Disposition> {
  const known = await factsOfBranch(tx, signal.repository, signal.branch, signal.runId);
  const admission = admitCi(signal, known, deciding.admission, deciding.clock());
  if (admission.kind !== 'open') return carryOut(tx, admission, deciding);

  const branch = signal.branch ?? '';
  const before = admission.continues ? known.lastEnded : null;
  const guess = deciding.guess(signal);
  const opened = await openRemediation(
    tx,
    {
      kind: 'ci',
      taskStem: signal.runId === null ? `ci-${signal.headSha.slice(0, 12)}` : `ci-${signal.runId}`,
      message: openingSentence(signal),
      repository: signal.repository,
      defaultBranch: signal.defaultBranch,
      branch: before?.branch ?? branch,
      targetBranch: before?.targetBranch ?? null,
      subjectKey: before?.subjectKey ?? branchSubject(signal.repository, branch),
      headSha: signal.headSha,
      runId: signal.runId,
      workflowName: signal.workflowName,
      url: signal.url,
      failedChecks: signal.check === null ? [] : [signal.check],
      commitMessage: signal.commitMessage,
      fromFork: signal.fromFork,
      pullRequest: signal.pullRequests[0] ?? null,
      agent: guess.agent,
      failureType: guess.failureType,
      confidence: guess.confidence,
      rule: guess.rule,
    },
    deciding,
    {
      continues: before,
      ifLive: {
        kind: 'failure_joined',
        checks: signal.check === null ? [] : [signal.check],
        runId: signal.runId,
        headSha: signal.headSha,
      },
    },
  );
  const { taskId, id } = opened.remediation;
  return opened.kind === 'opened'
    ? accepted('new', id, admission.reason)
    : accepted('existing', id, reason('same_branch', `Joined to ${taskId}.`));
}

export async function decidePullRequestChange(
  tx: Tx,
  said: PullRequestChanged,
  deciding: Deciding,
): Promise<Disposition> {
  // A fork's branch may be called like one of ours; what is done for it has GitHub's own name.
  const signal = said.fromFork && said.number !== null ? { ...said, branch: pullRef(said.number) } : said;
  const { number } = said;
  if (said.change === 'merged' && number !== null && !said.fromFork) {
    await rememberMerge(tx, { repository: said.repository, number, branch: said.branch, at: deciding.clock() });
  }
  const known = await factsOfBranch(tx, signal.repository, signal.branch);
  const admission = admitPullRequestChange(signal, known, deciding.admission, deciding.clock());
  if (admission.kind === 'open') throw new Error('A change of a pull request opens nothing.');
  return carryOut(tx, admission, deciding);
}

function openingSentence(signal: CiSignal): string {
  const what = signal.check?.name ?? signal.workflowName ?? 'CI';
  return `${what} is red on ${signal.branch ?? 'a detached commit'} at ${signal.headSha.slice(0, 8)} (${signal.conclusion}).`;
}
