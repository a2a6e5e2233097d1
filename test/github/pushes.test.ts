import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { verify } from '@octokit/webhooks-methods';
import { describe, expect, it } from 'vitest';
import { runGit } from '../../src/cli/demo/github/git.ts';
import { createOpenApiChecker } from '../support/openapi.ts';
import { pushWorkflow, REPO, SECRET, startDemo, startEmpty, startReceiver, temporaryFolder } from './helpers.ts';

const AGENT = resolve(import.meta.dirname, '../../demo/agent.mjs');
const run = promisify(execFile);
const executing = { enabled: true, pollMs: 0 };

/** A clone of the feature branch in which the agent's script works, as a CodeRun's workspace is. */
async function workspace(remotePath: string) {
  const folder = mkdtempSync(join(temporaryFolder(), 'workspace-'));
  await runGit(['clone', '--quiet', '--branch', 'feature/discount', remotePath, folder]);
  const prompt = join(folder, '..', 'prompt.md');
  const result = join(folder, '..', 'result.json');
  const work = async (attempt: number, text: string) => {
    writeFileSync(prompt, text);
    const settings = {
      HEALER_PROMPT: prompt,
      HEALER_RESULT: result,
      HEALER_ATTEMPT: String(attempt),
      HEALER_TASK_ID: 'ci-1',
      HEALER_DEMO_PACE_MS: '0',
    };
    const { stdout } = await run(process.execPath, [AGENT], { cwd: folder, env: { ...process.env, ...settings } });
    await runGit(['-C', folder, 'push', '--quiet', 'origin', 'HEAD']);
    return { stdout, result: JSON.parse(readFileSync(result, 'utf8')) as { status: string; summary: string } };
  };
  return { work };
}

describe('a push to the stand-in', () => {
  it('runs the checks of the demo: main is green, the feature branch is red until the second repair', async () => {
    const { gh, call, logOf } = await startDemo({ checks: executing });
    await gh.settled();
    const testOf = (run: number) =>
      gh.state.jobs.find((job) => job.runId === gh.state.runs[run]?.id && job.name === 'test');
    const conclusions = () =>
      Object.fromEntries(gh.state.runs.map((one) => [one.headBranch + one.number, one.conclusion]));
    expect(conclusions()).toEqual({ main1: 'success', 'feature/discount2': 'failure' });
    const firstLog = await logOf(testOf(1));
    expect(firstLog).toContain('✖ ten percent off twenty euros');
    const agent = await workspace(gh.remotePath);

    const first = await agent.work(1, firstLog);
    expect(first.stdout).toContain('I am not a model');
    expect(first.result.status).toBe('fixed');
    await gh.settled();
    expect(conclusions()['feature/discount3']).toBe('failure');
    const secondLog = await logOf(testOf(2));
    expect(secondLog).toContain('✔ ten percent off twenty euros');
    expect(secondLog).toContain('✖ a discounted cart is rounded once');

    await agent.work(2, `# Attempt 2\n\nTried before: ${first.result.summary}\n\n${secondLog}`);
    await gh.settled();
    expect(conclusions()['feature/discount4']).toBe('success');
    const head = await call('GET', `${REPO}/commits/feature%2Fdiscount/check-runs`);
    expect(head.json.check_runs.map((check: { conclusion: string }) => check.conclusion)).toEqual([
      'success',
      'success',
    ]);
    expect((await call('GET', `${REPO}/pulls/1`)).json.head.sha).toBe(gh.state.runs[3]?.headSha);
  });

  it('sends the webhooks of GitHub, valid, signed, in order', async () => {
    const checker = createOpenApiChecker();
    const { url, received } = await startReceiver();
    const { gh } = await startEmpty({ webhook: { url, secret: SECRET } });
    await gh.addPullRequest({ title: 'Topic', head: 'topic', author: 'ada' });
    gh.addComment(1, 'ada', '/healer fix');
    const jobs = ['test', 'lint'].map((name) => `  ${name}:\n    steps: [{ run: ${name === 'lint'} }]\n`);
    await pushWorkflow(gh.remotePath, 'topic', `name: frontend-ci\non: push\njobs:\n${jobs.join('')}`);
    await gh.settled();

    expect(received.flatMap(({ event, body }) => checker.checkWebhook(event, body))).toEqual([]);
    for (const { raw, headers } of received) {
      expect(await verify(SECRET, raw, headers['x-hub-signature-256'] ?? '')).toBe(true);
    }
    expect(new Set(received.map(({ id }) => id)).size).toBe(received.length);
    const order = received.map(({ event, action }) => (action === null ? event : `${event}.${action}`));
    expect(order.slice(0, 4)).toEqual([
      'pull_request.opened',
      'issue_comment.created',
      'push',
      'workflow_run.requested',
    ]);
    expect(order.slice(-2)).toEqual(['workflow_run.completed', 'check_suite.completed']);
    const count = (name: string) => order.filter((one) => one === name).length;
    expect(['queued', 'in_progress', 'completed'].map((word) => count(`workflow_job.${word}`))).toEqual([2, 2, 2]);
    expect([count('check_run.created'), count('check_run.completed')]).toEqual([2, 2]);
    const job = received.find(({ event, action, body }) => {
      const { conclusion } = (body['workflow_job'] ?? {}) as { conclusion?: string };
      return event === 'workflow_job' && action === 'completed' && conclusion === 'failure';
    });
    expect(job?.body['workflow_job']).toMatchObject({
      name: 'test',
      head_branch: 'topic',
      workflow_name: 'frontend-ci',
    });
  });

  it('is not looked for before the stand-in may begin, and webhooks go where it is told then', async () => {
    const { url, received } = await startReceiver();
    const { gh, call } = await startDemo({ hold: true });
    expect((await call('GET', `${REPO}/branches/main`)).status).toBe(200);
    expect([gh.state.pulls.length, Object.keys(gh.state.refs).length]).toEqual([0, 0]);
    await gh.begin({ url, secret: SECRET });
    await gh.settled();
    expect(gh.state.pulls.map((pull) => pull.number)).toEqual([1]);
    expect(received.map(({ event }) => event)).toEqual(['pull_request', 'push', 'push']);
  });

  it('tells a pull request that its head moved', async () => {
    const checker = createOpenApiChecker();
    const { url, received } = await startReceiver();
    const { gh, addBranch } = await startDemo({ webhook: { url, secret: SECRET } });
    await gh.checkRefs();
    await addBranch('feature/discount', 'main');
    await gh.settled();
    const moved = received.find(({ event, action }) => event === 'pull_request' && action === 'synchronize');
    expect(checker.checkWebhook('pull_request', moved?.body)).toEqual([]);
    expect(moved?.body['after']).toBe(gh.state.refs['refs/heads/main']);
    const push = received.filter(({ event }) => event === 'push').at(-1);
    expect(push?.body['forced']).toBe(true);
  });

  it('that deletes a branch closes its pull request, and one with a broken workflow says so', async () => {
    const checker = createOpenApiChecker();
    const { url, received } = await startReceiver();
    const { gh } = await startEmpty({ webhook: { url, secret: SECRET } });
    await pushWorkflow(gh.remotePath, 'topic', 'on: push\njobs: [');
    await gh.settled();
    const number = await gh.addPullRequest({ title: 'Topic', head: 'topic' });
    await runGit(['--git-dir', gh.remotePath, 'update-ref', '-d', 'refs/heads/topic']);
    await gh.settled();
    expect(received.flatMap(({ event, body }) => checker.checkWebhook(event, body))).toEqual([]);
    const run = received.find(({ event, action }) => event === 'workflow_run' && action === 'completed');
    expect(run?.body['workflow_run']).toMatchObject({ conclusion: 'startup_failure' });
    expect(received.at(-2)?.body).toMatchObject({ deleted: true, head_commit: null, ref: 'refs/heads/topic' });
    expect(received.at(-1)).toMatchObject({ event: 'pull_request', action: 'closed' });
    expect(gh.state.pulls.find((pull) => pull.number === number)?.state).toBe('closed');
  });
});
