import { example } from '../intake/support/examples.ts';

/** GitHub's example of a failed `workflow_job`, of a run, commit and branch of its own; `padding` makes it longer. */
export function aBody(run: number, padding = 0): string {
  const { body } = example('api.github.com/workflow_job/1');
  const job = {
    ...(body['workflow_job'] as object),
    id: 1_000_000 + run,
    run_id: run,
    head_branch: `topic-${run}`,
    head_sha: run.toString(16).padStart(40, 'a'),
  };
  return JSON.stringify({ ...body, workflow_job: job, ...(padding > 0 ? { padding: 'x'.repeat(padding) } : {}) });
}
