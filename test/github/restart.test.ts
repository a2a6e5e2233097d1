import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { createOpenApiChecker } from '../support/openapi.ts';
import { pushWorkflow, REPO, SECRET, startDemo, startEmpty, startReceiver, temporaryFolder } from './helpers.ts';

const PROCESS = join(import.meta.dirname, 'stand-in-process.ts');

/** Starts a stand-in of its own process and kills it, without warning, when it says a line that matches. */
async function killWhenItSays(pattern: RegExp, dataDir: string, url: string): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROCESS, dataDir, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let said = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!pattern.test(line)) return;
    said = true;
    child.kill('SIGKILL');
  });
  await exited;
  expect(said).toBe(true);
}

describe('a stand-in that is started again', () => {
  it('goes on after SIGKILL in the middle of checks, with no run lost and none doubled', async () => {
    const dataDir = temporaryFolder();
    const { url, received } = await startReceiver();
    await killWhenItSays(/checks of feature\/discount \w+ started/, dataDir, url);
    const webhook = { url, secret: SECRET };
    const { gh, call } = await startDemo({ dataDir, webhook, checks: { enabled: true, pollMs: 0 } });
    await gh.settled();

    expect(gh.state.runs.map((run) => [run.headBranch, run.attempt, run.conclusion])).toEqual([
      ['main', 1, 'success'],
      ['feature/discount', 1, 'failure'],
    ]);
    expect(gh.state.jobs.map((job) => `${job.name} ${job.status}`).sort()).toEqual(
      ['lint completed', 'lint completed', 'test completed', 'test completed'].sort(),
    );
    expect(gh.state.pulls.map((pull) => pull.number)).toEqual([1]);
    const done = received.filter(({ event, action }) => event === 'workflow_run' && action === 'completed');
    expect(done.length).toBeGreaterThanOrEqual(1);
    const list = await call('GET', `${REPO}/commits/feature%2Fdiscount/check-runs`);
    expect(list.json.total_count).toBe(2);
    const checker = createOpenApiChecker();
    expect(received.flatMap(({ event, body }) => checker.checkWebhook(event, body))).toEqual([]);
  });

  it('runs checks for what was pushed while it was down, and nothing twice', async () => {
    const dataDir = temporaryFolder();
    const workflow = 'on: push\njobs:\n  a:\n    steps: [{ run: "true" }]\n';
    const first = await startEmpty({ dataDir });
    await pushWorkflow(first.gh.remotePath, 'before', workflow);
    await first.gh.settled();
    await first.gh.close();
    await pushWorkflow(first.gh.remotePath, 'meanwhile', workflow);
    const second = await startEmpty({ dataDir });
    await second.gh.settled();
    expect(second.gh.state.runs.map((run) => [run.headBranch, run.conclusion])).toEqual([
      ['before', 'success'],
      ['meanwhile', 'success'],
    ]);
  });

  it('sends a webhook that was not acknowledged again only when told to, under the same id', async () => {
    const dataDir = temporaryFolder();
    const { url, received } = await startReceiver(500);
    const webhook = { url, secret: SECRET };
    const first = await startDemo({ dataDir, webhook });
    await first.gh.settled();
    await first.gh.close();
    const sent = received.map(({ id }) => id);
    expect(sent.length).toBeGreaterThan(1);

    const second = await startDemo({ dataDir, webhook });
    await second.gh.settled();
    await second.gh.close();
    expect(received.length).toBe(sent.length);

    const third = await startDemo({ dataDir, webhook, redeliver: true });
    await third.gh.settled();
    expect(received.slice(sent.length).map(({ id }) => id)).toEqual([sent[0]]);
  });

  it('keeps comments, checks and tokens', async () => {
    const dataDir = temporaryFolder();
    const first = await startDemo({ dataDir });
    first.gh.addComment(1, 'ada', 'hello');
    const { runId } = first.gh.addRun({ headBranch: 'x', jobs: [{ name: 'a', conclusion: 'failure', log: 'kept' }] });
    await first.gh.closePullRequest(1, true);
    await first.gh.close();
    const second = await startDemo({ dataDir });
    expect((await second.call('GET', `${REPO}/pulls/1`)).json).toMatchObject({ state: 'closed', merged: true });
    expect((await second.call('GET', `${REPO}/issues/1/comments`)).json[0].body).toBe('hello');
    expect((await second.call('GET', `${REPO}/actions/runs/${runId}`)).json.conclusion).toBe('failure');
    const ids = [...second.gh.state.jobs, ...second.gh.state.runs, ...second.gh.state.comments].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(second.gh.addComment(1, 'ada', 'again')).toBeGreaterThan(Math.max(...ids));
  });
});
