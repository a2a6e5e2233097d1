import type { GitHub } from '../../lib/github/client.ts';
import { splitRepository, statusOf } from '../../lib/github/errors.ts';
import { pullOfRef } from '../../lib/github/pull-ref.ts';
import type { Handler } from '../../remediate/worker.ts';

/** GitHub's answer when the run is under way already: what we wanted has happened. */
const ALREADY_RUNNING = /already (running|in progress)/i;

/** Has the failed jobs of the run executed once more. CI that does not allow it is a fact, not an error. */
export function rerunHandler({ github }: { readonly github: GitHub }): Handler<'rerun'> {
  return async (_effect, remediation) => {
    const answer = (accepted: boolean, detail: string) =>
      ({ kind: 'fact', fact: { kind: 'rerun_requested', accepted, detail } }) as const;
    if (remediation.runId === null) return answer(false, 'the failure does not come from GitHub Actions');
    try {
      await github.forRepository(remediation.repository).rest.actions.reRunWorkflowFailedJobs({
        ...splitRepository(remediation.repository),
        run_id: remediation.runId,
      });
      return answer(true, 'requested');
    } catch (error) {
      const status = statusOf(error);
      if (status === null || status >= 500 || status === 429) throw error;
      const message = error instanceof Error ? error.message : String(error);
      return answer(ALREADY_RUNNING.test(message), message);
    }
  };
}

/**
 * Opens a pull request for a branch of the agent's own, so that people review the repair. One that is open already is
 * the one.
 */
export function pullRequestHandler(deps: {
  readonly github: GitHub;
  readonly describe: (remediation: Parameters<Handler<'open_pull_request'>>[1]) => {
    readonly title: string;
    readonly body: string;
  };
}): Handler<'open_pull_request'> {
  return async (_effect, remediation) => {
    const { repository, targetBranch, branch } = remediation;
    if (targetBranch === null) return { kind: 'done' };
    const [owner = '', repo = ''] = repository.split('/');
    const { pulls } = deps.github.forRepository(repository).rest;
    const { data: open } = await pulls.list({ owner, repo, state: 'open', head: `${owner}:${targetBranch}` });
    // What was broken in a fork is repaired for the branch that the fork's pull request is for.
    const fork = pullOfRef(branch);
    const base = fork === null ? branch : (await pulls.get({ owner, repo, pull_number: fork })).data.base.ref;
    const number =
      open[0]?.number ??
      (await pulls.create({ owner, repo, head: targetBranch, base, ...deps.describe(remediation) })).data.number;
    return { kind: 'fact', fact: { kind: 'pull_request_opened', number } };
  };
}
