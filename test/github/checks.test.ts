import { describe, expect, it } from 'vitest';
import { pushWorkflow, REPO, startEmpty } from './helpers.ts';

const LOG_LINE = /^\uFEFF?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z .*$/;

/** Pushes a branch whose only file is this workflow, and lets its checks run. */
async function afterPushOf(workflow: string, stepTimeoutMs = 100_000) {
  const demo = await startEmpty({ checks: { enabled: true, pollMs: 0, stepTimeoutMs } });
  await pushWorkflow(demo.gh.remotePath, 'odd', workflow);
  await demo.gh.settled();
  const [run] = demo.gh.state.runs;
  const { jobs } = demo.gh.state;
  const log = (name: string) => demo.logOf(jobs.find((job) => job.name === name));
  return { ...demo, run, jobs, log };
}

const job = (name: string, script: string, more = '') =>
  `  ${name}:\n${more}    steps:\n      - uses: actions/checkout@v4\n      - run: ${JSON.stringify(script)}\n      - run: echo after\n`;

describe('the checks of the stand-in', () => {
  it("write a job's log as GitHub's runner does", async () => {
    const { log, jobs, gh } = await afterPushOf(`on: push\njobs:\n${job('a', 'pwd; false')}`);
    const text = await log('a');
    const lines = text.trimEnd().split('\n');
    expect(lines.filter((line) => !LOG_LINE.test(line))).toEqual([]);
    const texts = lines.map((line) => line.slice(line.indexOf('Z ') + 2));
    const group = texts.indexOf('##[group]Run pwd; false');
    expect(texts.slice(group)).toEqual([
      '##[group]Run pwd; false',
      '\u001B[36;1mpwd; false\u001B[0m',
      'shell: /usr/bin/bash -e {0}',
      '##[endgroup]',
      '/home/runner/work/shop/shop',
      '##[error]Process completed with exit code 1.',
      'Post job cleanup.',
      '[command]/usr/bin/git version',
      expect.stringMatching(/^git version \d/),
      expect.stringContaining('safe.directory'),
      expect.stringContaining('core\\.sshCommand'),
      expect.stringContaining('extraheader'),
      'Cleaning up orphan processes',
    ]);
    expect(text).not.toContain(gh.remotePath);
    expect(jobs[0]?.steps.map((step) => [step.name, step.conclusion])).toEqual([
      ['Set up job', 'success'],
      ['Run actions/checkout@v4', 'success'],
      ['Run pwd; false', 'failure'],
      ['Run echo after', 'skipped'],
      ['Post Run actions/checkout@v4', 'success'],
      ['Complete job', 'success'],
    ]);
  });

  it('turn error commands into annotations and keep the exit code', async () => {
    const { log, jobs, call, run } = await afterPushOf(
      `on: push\njobs:\n${job('a', 'echo "::error file=src/x.js,line=7::too long"; exit 3')}`,
    );
    const text = await log('a');
    expect(text).toContain('##[error]too long');
    expect(text).toContain('##[error]Process completed with exit code 3.');
    expect(run?.actor).toBe('eve[bot]');
    const { json } = await call('GET', `${REPO}/check-runs/${jobs[0]?.id}/annotations`);
    expect(json.map((one: { path: string; start_line: number }) => [one.path, one.start_line])).toEqual([
      ['src/x.js', 7],
      ['.github', 1],
    ]);
  });

  it('skip jobs whose needs failed', async () => {
    const { jobs, run } = await afterPushOf(
      `on: push\njobs:\n${job('b', 'true', '    needs: a\n')}${job('a', 'false')}`,
    );
    expect(Object.fromEntries(jobs.map((one) => [one.name, one.conclusion]))).toEqual({ a: 'failure', b: 'skipped' });
    expect(run?.conclusion).toBe('failure');
  });

  it('end a step that takes too long, with all it started', async () => {
    const { log, run } = await afterPushOf(`on: push\njobs:\n${job('a', 'sleep 60 & sleep 60')}`, 50);
    expect(await log('a')).toContain('The action has timed out.');
    expect(run?.conclusion).toBe('failure');
  });

  it('give steps a clean environment with the node that runs Healer', async () => {
    const { log } = await afterPushOf(
      `on: push\njobs:\n${job('a', 'node -p process.execPath; env | grep -c VITEST || true')}`,
    );
    const text = await log('a');
    expect(text).toContain(`Z ${process.execPath}\n`);
    expect(text).toMatch(/Z 0\n/);
  });

  it('fail a run whose workflow file cannot be read, and one that needs an action from elsewhere', async () => {
    const broken = await afterPushOf('on: push\njobs: [');
    expect([broken.run?.status, broken.run?.conclusion, broken.jobs.length]).toEqual([
      'completed',
      'startup_failure',
      0,
    ]);
    const { log } = await afterPushOf('on: push\njobs:\n  a:\n    steps:\n      - uses: some/action@v1\n');
    expect(await log('a')).toContain('Unable to resolve action some/action@v1');
  });

  it('run failed jobs again as a new attempt and keep what was green', async () => {
    const { gh, call, run: red } = await afterPushOf(`on: push\njobs:\n${job('test', 'false')}${job('lint', 'true')}`);
    await call('POST', `${REPO}/actions/runs/${red?.id}/rerun-failed-jobs`);
    await gh.settled();
    expect([red?.attempt, red?.conclusion]).toEqual([2, 'failure']);
    const attempt = async (number: number) => {
      const { json } = await call('GET', `${REPO}/actions/runs/${red?.id}/attempts/${number}/jobs`);
      return json.jobs.map((one: { name: string; conclusion: string; run_attempt: number }) => [
        one.name,
        one.conclusion,
        one.run_attempt,
      ]);
    };
    expect(await attempt(1)).toEqual([
      ['test', 'failure', 1],
      ['lint', 'success', 1],
    ]);
    expect(await attempt(2)).toEqual([
      ['test', 'failure', 2],
      ['lint', 'success', 2],
    ]);
    expect((await call('GET', `${REPO}/commits/${red?.headSha}/check-runs`)).json.total_count).toBe(2);
  });

  it('cannot be run again when nothing failed', async () => {
    const { gh, call } = await startEmpty();
    const { runId } = gh.addRun({ headBranch: 'x', jobs: [{ name: 'a', conclusion: 'success' }] });
    expect((await call('POST', `${REPO}/actions/runs/${runId}/rerun-failed-jobs`)).status).toBe(403);
  });
});
