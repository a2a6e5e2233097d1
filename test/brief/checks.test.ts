import { describe, expect, it } from 'vitest';
import { jobOf, listChecks, readChecks } from '../../src/brief/checks.ts';
import { locateCommit } from '../../src/brief/locate.ts';
import { PermanentError, RetryableError } from '../../src/lib/errors.ts';
import { json, serve } from '../lib/support/server.ts';
import { aCheck } from '../support/builders.ts';
import { githubOf, useWorld } from './support/world.ts';

const REPO = 'acme/shop';
const world = useWorld();

describe('reading the checks of a commit', () => {
  it('knows jobs by run, job and workflow', async () => {
    const { github, sha, runId } = world();
    const reading = await readChecks(github, REPO, sha, [
      aCheck('test', { workflowName: 'CI' }),
      aCheck('lint', { workflowName: 'CI' }),
    ]);
    expect(reading).toMatchObject({ state: 'red', green: ['lint'], pending: [], alsoRed: [] });
    expect(reading.red).toEqual([
      expect.objectContaining({ name: 'test', source: 'job', runId, jobId: expect.any(Number), workflowName: 'CI' }),
    ]);
  });

  it('counts commit statuses as well', async () => {
    const { gh, github, addBranch, headOf } = world();
    await addBranch('with-status', 'main');
    const sha = await headOf('with-status');
    gh.addStatus(sha, { context: 'ci/external', state: 'failure' });
    const wanted = [aCheck('ci/external', { source: 'status', workflowName: null })];
    expect((await readChecks(github, REPO, sha, wanted)).state).toBe('red');
    gh.addStatus(sha, { context: 'ci/external', state: 'pending' });
    expect((await readChecks(github, REPO, sha, wanted)).state).toBe('pending');
    gh.addStatus(sha, { context: 'ci/external', state: 'success' });
    expect((await readChecks(github, REPO, sha, wanted)).state).toBe('green');
  });

  it('takes the newest result of a job that was run again', async () => {
    const { gh, github } = world();
    const headSha = 'c'.repeat(40);
    const wanted = [aCheck('build', { workflowName: 'CI' })];
    gh.addRun({ headBranch: 'again', headSha, jobs: [{ name: 'build', conclusion: 'failure' }] });
    expect((await readChecks(github, REPO, headSha, wanted)).state).toBe('red');
    gh.addRun({ headBranch: 'again', headSha, jobs: [{ name: 'build', conclusion: null }] });
    expect((await readChecks(github, REPO, headSha, wanted)).state).toBe('pending');
    gh.addRun({ headBranch: 'again', headSha, jobs: [{ name: 'build', conclusion: 'success' }] });
    expect((await readChecks(github, REPO, headSha, wanted)).state).toBe('green');
  });

  it('reads every page', async () => {
    const { gh, github } = world();
    const headSha = 'd'.repeat(40);
    const jobs = Array.from({ length: 230 }, (_, i) => ({ name: `job ${i}`, conclusion: 'success' as const }));
    gh.addRun({ headBranch: 'many', headSha, jobs: [...jobs, { name: 'last', conclusion: 'failure' }] });
    const facts = await listChecks(github, REPO, headSha);
    expect(facts).toHaveLength(231);
    expect((await readChecks(github, REPO, headSha, [aCheck('last', { workflowName: 'CI' })])).state).toBe('red');
  });

  it('sees a workflow that broke before it had a job', async () => {
    const run = { id: 9, name: 'CI', check_suite_id: 4, event: 'push', status: 'completed', html_url: 'x', path: 'p' };
    const server = await serve((request, response) => {
      const path = request.url ?? '';
      if (path.includes('/check-runs')) json(response, 200, { total_count: 0, check_runs: [] });
      else if (path.includes('/status')) json(response, 200, { statuses: [] });
      else json(response, 200, { total_count: 1, workflow_runs: [{ ...run, conclusion: 'startup_failure' }] });
    });
    const reading = await readChecks(githubOf(server.url), REPO, 'e'.repeat(40), []);
    expect(reading).toMatchObject({ state: 'red', red: [{ name: 'CI', runId: 9, jobId: null }] });
  });

  it('goes on by names alone when it may not list workflow runs', async () => {
    const checkRun = { id: 1, name: 'build', status: 'completed', conclusion: 'success', app: { slug: 'other-ci' } };
    const server = await serve((request, response) => {
      const path = request.url ?? '';
      if (path.includes('/check-runs')) json(response, 200, { total_count: 1, check_runs: [checkRun] });
      else if (path.includes('/status')) json(response, 200, { statuses: [] });
      else json(response, 403, { message: 'Resource not accessible by integration' });
    });
    const reading = await readChecks(githubOf(server.url), REPO, 'e'.repeat(40), [
      aCheck('build', { source: 'check' }),
    ]);
    expect(reading.state).toBe('green');
  });

  it('is an error, not "pending", when GitHub does not answer', async () => {
    const { gh, github, sha } = world();
    gh.outage.failNext(20, 500);
    await expect(readChecks(github, REPO, sha, [])).rejects.toBeInstanceOf(RetryableError);
    gh.outage.clear();
    gh.outage.failNext(20, 404);
    await expect(readChecks(github, REPO, sha, [])).rejects.toBeInstanceOf(PermanentError);
    gh.outage.clear();
  });

  it('tells run and job from the address of a check', () => {
    expect(jobOf('https://github.com/acme/shop/actions/runs/12/job/34')).toEqual({ runId: 12, jobId: 34 });
    expect(jobOf('https://github.com/acme/shop/actions/runs/12/jobs/34?pr=1')).toEqual({ runId: 12, jobId: 34 });
    expect(jobOf('https://ci.example/builds/34')).toBe(null);
    expect(jobOf(null)).toBe(null);
  });
});

describe('finding an agent’s commit', () => {
  it('on the head of the branch', async () => {
    const { github, branch, sha } = world();
    expect(await locateCommit(github, REPO, { branch, commitSha: sha })).toEqual({
      headSha: sha,
      commitSha: sha,
      onBranch: true,
      moved: false,
    });
  });

  it('behind the head, also by a short sha', async () => {
    const { github, branch, sha, headOf } = world();
    const parent = await headOf('main');
    const place = await locateCommit(github, REPO, { branch, commitSha: parent.slice(0, 10) });
    expect(place).toEqual({ headSha: sha, commitSha: parent, onBranch: true, moved: true });
  });

  it('not on a branch that it is not on', async () => {
    const { github, sha, headOf } = world();
    const place = await locateCommit(github, REPO, { branch: 'main', commitSha: sha });
    expect(place).toEqual({ headSha: await headOf('main'), commitSha: sha, onBranch: false, moved: false });
  });

  it.each(['f'.repeat(40), 'not a sha', '--upload-pack=x', ''])('nowhere, when it is "%s"', async (commitSha) => {
    const { github, branch, sha } = world();
    const place = await locateCommit(github, REPO, { branch, commitSha });
    expect(place).toEqual({ headSha: sha, commitSha: null, onBranch: false, moved: false });
  });

  it('nowhere, when the branch is gone', async () => {
    const { github, sha } = world();
    const place = await locateCommit(github, REPO, { branch: 'feature/gone', commitSha: sha });
    expect(place).toMatchObject({ headSha: null, onBranch: false });
  });

  it('is an error when GitHub does not answer', async () => {
    const { gh, github, branch } = world();
    gh.outage.failNext(20, 502);
    await expect(locateCommit(github, REPO, { branch, commitSha: null })).rejects.toBeInstanceOf(RetryableError);
    gh.outage.clear();
  });
});
