import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runGit } from '../../src/cli/demo/github/git.ts';
import { REPO, startDemo, temporaryFolder } from './helpers.ts';

/** Pushes a branch whose only file is this workflow, and lets its checks run. */
async function afterPushOf(workflow: string, stepTimeoutMs = 10_000) {
  const demo = await startDemo({ checks: { enabled: true, pollMs: 0, stepTimeoutMs } });
  const folder = mkdtempSync(join(temporaryFolder(), 'work-'));
  await runGit(['init', '--quiet', '--initial-branch=odd', folder]);
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  writeFileSync(join(folder, '.github/workflows/ci.yml'), workflow);
  await runGit(['-C', folder, 'add', '--all']);
  const who = ['-c', 'user.name=Eve', '-c', 'user.email=7+eve[bot]@users.noreply.github.com'];
  await runGit(['-C', folder, ...who, 'commit', '--quiet', '--message', 'odd']);
  await runGit(['-C', folder, 'push', '--quiet', demo.gh.remotePath, 'odd']);
  await demo.gh.settled();
  const run = demo.gh.state.runs.find((candidate) => candidate.headBranch === 'odd');
  const jobs = demo.gh.state.jobs.filter((job) => job.runId === run?.id);
  const log = async (name: string) => {
    const { headers } = await demo.call(
      'GET',
      `${REPO}/actions/jobs/${jobs.find((job) => job.name === name)?.id}/logs`,
    );
    return (await demo.call('GET', (headers.get('location') ?? '').slice(demo.gh.url.length))).bytes.toString();
  };
  return { ...demo, run, jobs, log };
}

const job = (name: string, script: string, more = '') =>
  `  ${name}:\n${more}    steps:\n      - run: ${JSON.stringify(script)}\n      - run: echo after\n`;

describe('the checks of the stand-in', () => {
  it('turns error commands into annotations and keeps the exit code', async () => {
    const { log, jobs, call, run } = await afterPushOf(
      `on: push\njobs:\n${job('a', 'echo "::error file=src/x.js,line=7::too long"; exit 3')}`,
    );
    const text = await log('a');
    expect(text).toContain('##[error]too long');
    expect(text).toContain('##[error]Process completed with exit code 3.');
    expect(text).not.toContain('after\n');
    expect(run?.actor).toBe('eve[bot]');
    const { json } = await call('GET', `${REPO}/check-runs/${jobs[0]?.id}/annotations`);
    expect(json.map((one: { path: string; start_line: number }) => [one.path, one.start_line])).toEqual([
      ['src/x.js', 7],
      ['.github', 1],
    ]);
  });

  it('skips jobs whose needs failed', async () => {
    const { jobs, run } = await afterPushOf(
      `on: push\njobs:\n${job('b', 'true', '    needs: a\n')}${job('a', 'false')}`,
    );
    expect(Object.fromEntries(jobs.map((one) => [one.name, one.conclusion]))).toEqual({ a: 'failure', b: 'skipped' });
    expect(run?.conclusion).toBe('failure');
  });

  it('ends a step that takes too long, with all it started', async () => {
    const { log, run } = await afterPushOf(`on: push\njobs:\n${job('a', 'sleep 60 & sleep 60')}`, 50);
    expect(await log('a')).toContain('The action has timed out.');
    expect(run?.conclusion).toBe('failure');
  });

  it('gives steps a clean environment with the node that runs Healer', async () => {
    const { log } = await afterPushOf(
      `on: push\njobs:\n${job('a', 'node -p process.execPath; env | grep -c VITEST || true')}`,
    );
    const text = await log('a');
    expect(text).toContain(`Z ${process.execPath}\n`);
    expect(text).toMatch(/Z 0\n/);
  });

  it('fails a run whose workflow file cannot be read, and one that needs an action from elsewhere', async () => {
    const broken = await afterPushOf('on: push\njobs: [');
    expect([broken.run?.status, broken.run?.conclusion, broken.jobs.length]).toEqual([
      'completed',
      'startup_failure',
      0,
    ]);
    const { log } = await afterPushOf('on: push\njobs:\n  a:\n    steps:\n      - uses: some/action@v1\n');
    expect(await log('a')).toContain('Unable to resolve action some/action@v1');
  });
});
