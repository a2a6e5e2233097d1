import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/brief/evidence.ts';
import { gather } from '../../src/brief/gather.ts';
import { createSources } from '../../src/brief/sources/index.ts';
import type { Remediation } from '../../src/model/remediation.ts';
import { createRedactor } from '../../src/safety/index.ts';
import { aCheck, anAttempt, aReport } from '../support/builders.ts';
import { createOpenApiChecker } from '../support/openapi.ts';
import { FAILED_JOB, useWorld } from './support/world.ts';

const world = useWorld();

function evidenceOf(remediation: Remediation): Promise<Evidence> {
  const sources = createSources({ github: world().github, sleep: () => Promise.resolve() });
  return gather(sources, remediation, { clock: Date.now, redactor: createRedactor() });
}

/** What the systems said that there are: nothing is set up beyond GitHub. */
const asked = ({ findings }: Evidence) =>
  findings.filter(({ status }) => status !== 'not_relevant' && status !== 'not_configured');

describe('the evidence from GitHub', () => {
  it('holds everything that deciding needs', async () => {
    const { remediation, sha, runId, branch } = world();
    const evidence = await evidenceOf(remediation);
    expect(asked(evidence).map(({ source, status }) => `${source} ${status}`)).toEqual([
      'github-logs found',
      'annotations found',
      'checks found',
      'changed-files found',
      'head-commit found',
      'pull-request found',
      'reviews empty',
      'last-green empty',
      'similar-pull-requests empty',
    ]);
    expect(evidence.failedChecks).toEqual([
      expect.objectContaining({ name: 'test', runId, workflowName: 'CI', failedSteps: ['Unit tests'] }),
    ]);
    expect(evidence.logs.map((log) => [log.check.name, log.truncated])).toEqual([['test', false]]);
    expect(Buffer.from(evidence.logs[0]?.bytes ?? []).toString()).toContain('a discounted cart');
    expect(evidence.annotations).toEqual([
      expect.objectContaining({ check: 'test', path: 'src/cart.js', startLine: 12, level: 'failure' }),
    ]);
    expect(evidence.changedFiles?.map((file) => file.path).sort()).toEqual([
      'src/cart.js',
      'src/discount.js',
      'test/discount.test.js',
    ]);
    expect(evidence.headCommit).toMatchObject({ sha, message: expect.stringContaining('Add percentage') });
    expect(evidence.branch).toEqual({ name: branch, exists: true, headSha: sha });
    expect(evidence.pullRequest).toMatchObject({
      number: 1,
      state: 'open',
      headRef: branch,
      headSha: sha,
      headRepository: 'acme/shop',
      baseRef: 'main',
      fromFork: false,
      labels: ['bug'],
      draft: false,
    });
    expect(evidence.repository).toMatchObject({ defaultBranch: 'main', cloneUrl: expect.stringMatching(/\.git$/) });
    expect(evidence.checksNow).toMatchObject({ sha, state: 'red', green: ['lint'] });
  });

  it('is asked for in requests that GitHub publishes, a few of them', async () => {
    const { gh, remediation } = world();
    gh.recorder.clear();
    await evidenceOf(remediation);
    const checker = createOpenApiChecker();
    const problems = gh.recorder.exchanges
      .filter(({ request }) => request.path.startsWith('/repos/'))
      .flatMap(({ request, answer }) => checker.check(request, answer));
    expect(problems).toEqual([]);
    const paths = gh.recorder.exchanges.map(({ request }) => request.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.length).toBeLessThanOrEqual(24);
  });

  it('is told partly when GitHub is down: the delivery alone is a brief', async () => {
    const { gh, remediation } = world();
    gh.outage.failNext(1_000, 502);
    const evidence = await evidenceOf({ ...remediation, failedChecks: [aCheck('test')] });
    gh.outage.clear();
    expect(new Set(asked(evidence).map((finding) => finding.status))).toEqual(new Set(['failed']));
    expect(evidence.failedChecks).toEqual([aCheck('test')]);
    expect(evidence).toMatchObject({ branch: null, pullRequest: null, pullRequestKnown: false, checksNow: null });
  });

  it('names the logs that could not be read, and goes on with the others', async () => {
    const { gh, remediation } = world();
    const headSha = '1'.repeat(40);
    const { runId } = gh.addRun({
      headBranch: 'logs',
      headSha,
      jobs: [
        FAILED_JOB,
        { ...FAILED_JOB, name: 'old', logMode: 'gone' },
        { ...FAILED_JOB, name: 'new', logMode: 'missing' },
      ],
    });
    const evidence = await evidenceOf({ ...remediation, branch: 'logs', headSha, runId });
    expect(evidence.logs.map((log) => log.check.name)).toEqual(['test']);
    const finding = evidence.findings[0];
    expect(finding).toMatchObject({ status: 'found', summary: '3 checks are red; 1 of 3 job logs were read.' });
    expect(finding?.body).toMatch(/old.*expired/);
    expect(finding?.body).toMatch(/new.*no log of this job/);
  });

  it('finds the pull request of a fork, which no event names', async () => {
    const { gh, remediation } = world();
    const headSha = '2'.repeat(40);
    const { runId } = gh.addRun({ headBranch: 'main', headSha, event: 'pull_request', jobs: [FAILED_JOB] });
    const number = await gh.addPullRequest({ title: 'From afar', head: 'main', headSha, headRepository: 'eve/shop' });
    const evidence = await evidenceOf({ ...remediation, branch: 'main', headSha, runId, fromFork: null });
    expect(evidence.pullRequest).toMatchObject({ number, fromFork: true, headRepository: 'eve/shop' });
    expect(evidence.branch).toEqual({ name: 'main', exists: true, headSha });
  });

  it('takes no pull request out of the default branch for the place of a repair', async () => {
    const { gh, remediation, headOf, addBranch } = world();
    await addBranch('production', 'main');
    const headSha = await headOf('main');
    await gh.addPullRequest({ title: 'Release', head: 'main', base: 'production' });
    const { runId } = gh.addRun({ headBranch: 'main', headSha, jobs: [FAILED_JOB] });
    const evidence = await evidenceOf({ ...remediation, branch: 'main', headSha, runId });
    expect(evidence).toMatchObject({ pullRequest: null, pullRequestKnown: true, baseRed: null });
  });

  it('says when the same check is red on the base branch', async () => {
    const { gh, remediation, headOf, addBranch } = world();
    const { runId } = gh.addRun({
      headBranch: 'main',
      headSha: await headOf('main'),
      jobs: [{ ...FAILED_JOB, name: 'both' }],
    });
    await addBranch('topic', 'feature/discount');
    const headSha = '3'.repeat(40);
    const topic = gh.addRun({ headBranch: 'other', headSha, jobs: [{ ...FAILED_JOB, name: 'both' }] });
    expect(runId).not.toBe(topic.runId);
    const failedChecks = [aCheck('both', { workflowName: 'CI' })];
    const evidence = await evidenceOf({ ...remediation, branch: 'other', headSha, runId: topic.runId, failedChecks });
    expect(evidence.baseRed).toBe(true);
  });

  it('says when the branch is gone', async () => {
    const { remediation } = world();
    const evidence = await evidenceOf({ ...remediation, branch: 'feature/gone', headSha: '4'.repeat(40) });
    expect(evidence.branch).toEqual({ name: 'feature/gone', exists: false, headSha: null });
  });

  it('is about the agent’s commit once an agent has pushed', async () => {
    const { gh, remediation, addCommit, branch } = world();
    const pushed = await addCommit('fix/test-12345678', branch, 'main');
    const headSha = await addCommit('fix/test-12345678', pushed, branch);
    const { runId } = gh.addRun({
      headBranch: 'fix/test-12345678',
      headSha,
      jobs: [{ ...FAILED_JOB, name: 'second' }],
    });
    const report = aReport({ commitSha: pushed });
    const evidence = await evidenceOf({
      ...remediation,
      branch,
      headSha,
      runId: 1,
      targetBranch: 'fix/test-12345678',
      spawned: 1,
      attempts: [anAttempt({ outcome: 'ci_still_failing', endedAt: 1, report })],
    });
    expect(evidence.branch?.name).toBe('fix/test-12345678');
    expect(evidence.failedChecks).toContainEqual(expect.objectContaining({ name: 'second', runId }));
    expect(evidence.lastAttemptFiles?.map((file) => file.path)).toContain('src/discount.js');
  });

  it('is about the head of the branch when that is red in the same way', async () => {
    const { gh, remediation, branch, sha } = world();
    const evidence = await evidenceOf({
      ...remediation,
      headSha: '5'.repeat(40),
      failedChecks: [aCheck('test', { workflowName: 'CI', jobId: 1 })],
    });
    expect(gh.state.runs.some((run) => run.headSha === sha)).toBe(true);
    expect(evidence.headCommit?.sha).toBe(sha);
    expect(evidence.branch).toMatchObject({ name: branch, headSha: sha });
    expect(evidence.logs).toHaveLength(1);
  });
});
