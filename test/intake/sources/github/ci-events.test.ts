import { describe, expect, it } from 'vitest';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import type { CiSignal } from '../../../../src/model/signal.ts';
import {
  checkRun,
  checkSuite,
  OTHER_SHA,
  pullRequestEntry,
  SHA,
  status,
  workflowJob,
  workflowRun,
} from '../../support/bodies.ts';

function ciSignal(event: string, body: unknown): CiSignal {
  const [signal] = normalise(event, body).signals;
  if (signal?.kind !== 'ci_failed' && signal?.kind !== 'ci_passed') throw new Error(`no CI signal in ${event}`);
  return signal;
}

describe('a failed workflow_run', () => {
  it('names workflow, branch, commit message and pull request', () => {
    expect(normalise('workflow_run', workflowRun()).signals).toEqual([
      {
        kind: 'ci_failed',
        repository: 'acme/shop',
        defaultBranch: 'main',
        event: 'workflow_run',
        headSha: SHA,
        branch: 'feature/cart',
        runId: 9001,
        runAttempt: 1,
        check: null,
        workflowName: 'controller-ci',
        conclusion: 'failure',
        url: 'https://github.com/acme/shop/actions/runs/9001',
        actor: { login: 'jo', type: 'User' },
        commitMessage: 'Add the cart\n\n[skip-healer]',
        fromFork: false,
        pullRequests: [12],
      },
    ]);
  });

  it('takes the workflow’s name, not the title that run-name gave this run', () => {
    expect(ciSignal('workflow_run', workflowRun({ name: 'Deploy by @jo' })).workflowName).toBe('controller-ci');
  });

  it.each([
    ['another repository', { id: 900, full_name: 'stranger/shop' }, true],
    ['the same repository under a new name', { id: 501, full_name: 'acme/old-shop' }, false],
    ['the same name in other letters, without ids', { full_name: 'Acme/Shop' }, false],
    ['another name, without ids', { full_name: 'stranger/shop' }, true],
    ['a repository that was deleted', null, true],
    ['nothing said', undefined, null],
  ])('from %s', (_, head_repository, fromFork) => {
    expect(ciSignal('workflow_run', workflowRun({ head_repository })).fromFork).toBe(fromFork);
  });

  it('leaves out pull requests that a fork opened from this repository', () => {
    const pull_requests = [pullRequestEntry(3, 501, 777), pullRequestEntry(12, 501, 501), { number: 'x' }, null];
    expect(ciSignal('workflow_run', workflowRun({ pull_requests })).pullRequests).toEqual([12]);
  });
});

describe('a failed workflow_job', () => {
  it('names only the steps that are red', () => {
    expect(ciSignal('workflow_job', workflowJob()).check?.failedSteps).toEqual(['cargo clippy']);
  });

  it('has neither commit message nor fork: the event does not carry them', () => {
    expect(ciSignal('workflow_job', workflowJob())).toMatchObject({
      commitMessage: null,
      fromFork: null,
      runAttempt: 2,
    });
  });

  it.each([[undefined], [null], ['']])('without a branch (%j) has none', (head_branch) => {
    expect(ciSignal('workflow_job', workflowJob({ head_branch })).branch).toBeNull();
  });

  it('of an old server without attempts and workflow name is the first attempt', () => {
    const old = workflowJob({ run_attempt: undefined, workflow_name: undefined, steps: undefined });
    expect(ciSignal('workflow_job', old)).toMatchObject({ runAttempt: 1, workflowName: null });
  });
});

describe('a failed check_run', () => {
  it('takes run and job from its details, never from its own id', () => {
    expect(ciSignal('check_run', checkRun())).toMatchObject({
      runId: 9001,
      branch: 'feature/cart',
      check: { name: 'lint', source: 'job', jobId: 31, runId: 9001 },
    });
  });

  it('of another CI system has no run', () => {
    const details_url = 'https://buildkite.example/acme/shop/builds/7';
    const body = checkRun({
      details_url,
      html_url: 'https://github.com/acme/shop/runs/77001',
      app: { id: 9, slug: 'b' },
    });
    expect(ciSignal('check_run', body)).toMatchObject({ runId: null, check: { source: 'check', jobId: null } });
  });

  it('does not believe details that lead into another repository', () => {
    const details_url = 'https://github.com/acme/payroll/actions/runs/4/job/5';
    expect(ciSignal('check_run', checkRun({ details_url, html_url: details_url })).runId).toBeNull();
  });

  it('knows the attempt when the address names it', () => {
    const details_url = 'https://github.com/acme/shop/actions/runs/9001/attempts/3';
    expect(ciSignal('check_run', checkRun({ details_url }))).toMatchObject({ runId: 9001, runAttempt: 3 });
  });

  it.each([
    ['lists none, as from a fork', [], null],
    ['lists one of this repository', [pullRequestEntry(12, 501, 501)], false],
    ['lists one whose head is elsewhere', [pullRequestEntry(12, 900, 501)], true],
  ])('whose pull requests it %s', (_, pull_requests, fromFork) => {
    expect(ciSignal('check_run', checkRun({ pull_requests })).fromFork).toBe(fromFork);
  });

  it('without a suite has no branch', () => {
    expect(ciSignal('check_run', checkRun({ check_suite: null })).branch).toBeNull();
  });
});

describe('a failed check_suite', () => {
  it('has no run, because a suite’s id is not a run’s', () => {
    expect(ciSignal('check_suite', checkSuite())).toMatchObject({
      runId: null,
      check: null,
      branch: 'feature/cart',
      commitMessage: 'Add the cart',
    });
  });
});

describe('a failed status', () => {
  it('is named by its context, not by the field called name', () => {
    expect(ciSignal('status', status())).toMatchObject({
      runId: null,
      branch: 'feature/cart',
      check: { name: 'ci/jenkins', source: 'status', url: 'https://jenkins.acme.example/job/shop/12' },
      commitMessage: 'Add the cart',
    });
  });

  const at = (name: string, sha: string) => ({ name, commit: { sha } });
  it.each([
    ['the branch that ends at the commit', [at('old', OTHER_SHA), at('feature/cart', SHA)], 'feature/cart'],
    ['the default branch when several end there', [at('fresh', SHA), at('main', SHA)], 'main'],
    ['none when all have moved on', [at('main', OTHER_SHA)], null],
    ['none when none is listed', [], null],
  ])('belongs to %s', (_, branches, branch) => {
    expect(ciSignal('status', status({ branches })).branch).toBe(branch);
  });

  it('that Actions made leads to its run', () => {
    const target_url = 'https://github.com/acme/shop/actions/runs/9001/job/31';
    expect(ciSignal('status', status({ target_url }))).toMatchObject({ runId: 9001, check: { jobId: 31 } });
  });
});

describe('Healer’s own checks', () => {
  it.each([
    ['a check run of the App called healer', 'check_run', checkRun({ app: { id: 4, slug: 'healer' } })],
    ['a check run named Healer', 'check_run', checkRun({ name: 'Healer', app: { id: 4, slug: 'some-token' } })],
    ['a check run of the configured App', 'check_run', checkRun({ app: { id: 4242, slug: 'acme-fixer' } })],
    ['a check suite of the configured App', 'check_suite', checkSuite({ app: { id: 4242, slug: 'acme-fixer' } })],
    ['a status healer/remediation', 'status', status({ context: 'healer/remediation' })],
  ])('%s is not about CI', (_, event, body) => {
    const result = normalise(event, body, { appId: 4242 });
    expect(result.signals).toEqual([]);
    expect(result.ignored?.code).toBe('healer_itself');
  });

  it.each([
    ['a job of a workflow called Healer', 'check_run', checkRun({ name: 'Healer' })],
    ['a job of Healer’s own repository', 'workflow_job', workflowJob({ name: 'healer', workflow_name: 'healer-ci' })],
    ['a check called healer-e2e', 'check_run', checkRun({ name: 'healer-e2e', app: { id: 9, slug: 'buildkite' } })],
    ['a status healers/x', 'status', status({ context: 'healers/x' })],
  ])('%s is CI all the same', (_, event, body) => {
    expect(normalise(event, body, { appId: 4242 }).signals).toHaveLength(1);
  });
});
