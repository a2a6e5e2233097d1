import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { verify } from '@octokit/webhooks-methods';
import { describe, expect, it } from 'vitest';
import { runGit } from '../../src/cli/demo/github/git.ts';
import { createOpenApiChecker } from '../support/openapi.ts';
import { REPO, SECRET, startDemo, startReceiver, temporaryFolder } from './helpers.ts';

const AGENT = resolve(import.meta.dirname, '../../demo/agent.mjs');
const LOG_LINE = /^\uFEFF?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z .*$/;
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
    const { gh, call } = await startDemo({ checks: executing });
    await gh.settled();
    const conclusions = () =>
      Object.fromEntries(gh.state.runs.map((one) => [one.headBranch + one.number, one.conclusion]));
    expect(conclusions()).toEqual({ main1: 'success', 'feature/discount2': 'failure' });
    const logOf = async (runId: number) => {
      const job = gh.state.jobs.find((candidate) => candidate.runId === runId && candidate.name === 'test');
      const { headers } = await call('GET', `${REPO}/actions/jobs/${job?.id}/logs`);
      const { bytes } = await call('GET', (headers.get('location') ?? '').slice(gh.url.length));
      return bytes.toString();
    };
    const firstLog = await logOf(gh.state.runs[1]?.id ?? 0);
    expect(firstLog).toContain('✖ ten percent off twenty euros');
    const agent = await workspace(gh.remotePath);

    const first = await agent.work(1, firstLog);
    expect(first.stdout).toContain('I am not a model');
    expect(first.result.status).toBe('fixed');
    await gh.settled();
    expect(conclusions()['feature/discount3']).toBe('failure');
    const secondLog = await logOf(gh.state.runs[2]?.id ?? 0);
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
    const { gh, addBranch } = await startDemo({ checks: executing, webhook: { url, secret: SECRET } });
    await gh.settled();
    received.length = 0;
    await addBranch('topic', 'feature/discount');
    gh.addComment(1, 'ada', '/healer fix');
    await gh.settled();

    expect(received.flatMap(({ event, body }) => checker.checkWebhook(event, body))).toEqual([]);
    for (const { raw, headers } of received) {
      expect(await verify(SECRET, raw, headers['x-hub-signature-256'] ?? '')).toBe(true);
    }
    expect(new Set(received.map(({ id }) => id)).size).toBe(received.length);
    const order = received.map(({ event, action }) => (action === null ? event : `${event}.${action}`));
    expect(order.slice(0, 3)).toEqual(['issue_comment.created', 'push', 'workflow_run.requested']);
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

  it("writes a job's log as GitHub's runner does", async () => {
    const { gh, call } = await startDemo({ checks: executing });
    await gh.settled();
    const job = gh.state.jobs.find((candidate) => candidate.name === 'test' && candidate.conclusion === 'failure');
    const { headers } = await call('GET', `${REPO}/actions/jobs/${job?.id}/logs`);
    const { bytes } = await call('GET', (headers.get('location') ?? '').slice(gh.url.length));
    const lines = bytes.toString().trimEnd().split('\n');
    expect(lines.filter((line) => !LOG_LINE.test(line))).toEqual([]);
    const texts = lines.map((line) => line.slice(line.indexOf('Z ') + 2));
    const group = texts.indexOf('##[group]Run npm test');
    expect(texts.slice(group, group + 4)).toEqual([
      '##[group]Run npm test',
      '\u001B[36;1mnpm test\u001B[0m',
      'shell: /usr/bin/bash -e {0}',
      '##[endgroup]',
    ]);
    const error = texts.indexOf('##[error]Process completed with exit code 1.');
    expect(error).toBeGreaterThan(group);
    expect(texts.indexOf('Post job cleanup.')).toBeGreaterThan(error);
    expect(texts.at(-1)).toBe('Cleaning up orphan processes');
    expect(bytes.toString()).not.toContain(gh.remotePath);
    expect(job?.steps.map((step) => [step.name, step.conclusion])).toEqual([
      ['Set up job', 'success'],
      ['Run actions/checkout@v4', 'success'],
      ['Run actions/setup-node@v4', 'success'],
      ['Unit tests', 'failure'],
      ['Post Run actions/checkout@v4', 'success'],
      ['Complete job', 'success'],
    ]);
  });

  it('runs failed jobs again as a new attempt and keeps what was green', async () => {
    const { gh, call } = await startDemo({ checks: executing });
    await gh.settled();
    const red = gh.state.runs.find((one) => one.conclusion === 'failure');
    await call('POST', `${REPO}/actions/runs/${red?.id}/rerun-failed-jobs`);
    await gh.settled();
    expect([red?.attempt, red?.conclusion]).toEqual([2, 'failure']);
    const attempt = async (number: number) => {
      const { json } = await call('GET', `${REPO}/actions/runs/${red?.id}/attempts/${number}/jobs`);
      return json.jobs.map((job: { name: string; conclusion: string; run_attempt: number }) => [
        job.name,
        job.conclusion,
        job.run_attempt,
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
    const { json } = await call('GET', `${REPO}/commits/${red?.headSha}/check-runs`);
    expect(json.total_count).toBe(2);
    expect((await call('POST', `${REPO}/actions/runs/${gh.state.runs[0]?.id}/rerun-failed-jobs`)).status).toBe(403);
  });
});
