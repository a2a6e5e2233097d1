import { describe, expect, it } from 'vitest';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import { checkRun, comment, pullRequest, push, SHA, status, workflowJob, workflowRun } from '../../support/bodies.ts';

const without = (body: object, key: string) =>
  Object.fromEntries(Object.entries(body).filter(([name]) => name !== key));
const pathsOf = (event: string, body: unknown) => normalise(event, body).errors.map(({ path }) => path);

describe('a body that is not the event it claims to be', () => {
  it.each([
    ['workflow_job', without(workflowJob(), 'repository'), ['repository']],
    ['workflow_job', without(workflowJob(), 'workflow_job'), ['workflow_job']],
    ['workflow_job', workflowJob({ run_id: '9001' }), ['workflow_job.run_id']],
    ['workflow_job', workflowJob({ run_id: 2 ** 60 }), ['workflow_job.run_id']],
    ['workflow_job', workflowJob({ head_sha: `${SHA} && rm -rf` }), ['workflow_job.head_sha']],
    [
      'workflow_run',
      workflowRun({ id: -1, head_branch: '--upload-pack=x' }),
      ['workflow_run.id', 'workflow_run.head_branch'],
    ],
    ['check_run', workflowJob(), ['check_run']],
    ['status', status({ branches: undefined, sha: 1, state: null }), ['sha', 'state']],
    ['push', push({ after: 'main' }), ['after']],
    ['pull_request', pullRequest('closed', { head: null }), ['pull_request.head']],
    ['issue_comment', comment('/healer fix', { id: 'x' }), ['comment.id']],
  ])('%s: names the fields that are wrong', (event, body, paths) => {
    expect(pathsOf(event, body)).toEqual(paths);
  });

  it('says what is wrong with them', () => {
    const { errors } = normalise('workflow_job', without(workflowJob({ head_sha: 'HEAD' }), 'repository'));
    expect(errors).toEqual([
      { path: 'workflow_job.head_sha', message: 'must be a commit hash' },
      { path: 'repository', message: 'is missing' },
    ]);
  });

  it.each([[[]], [null], ['text'], [7], [undefined]])('%j is no event at all', (body) => {
    expect(normalise('workflow_job', body).errors).toEqual([{ path: '', message: 'must be a JSON object' }]);
  });

  it.each([
    '../etc',
    'acme/..',
    './shop',
    'acme',
    'acme/shop/x',
    'acme/sh op',
    'acme/shop\n',
    'acme/',
    `a/${'x'.repeat(101)}`,
  ])('refuses %j as a repository', (full_name) => {
    expect(pathsOf('workflow_job', { ...workflowJob(), repository: { full_name } })).toEqual(['repository.full_name']);
  });

  it.each([
    'feature//x',
    '/x',
    'x/',
    'a..b',
    'a b',
    'a~b',
    'a^b',
    'a:b',
    'a?b',
    'a*b',
    'a[b',
    'a\\b',
    'x.lock',
    'x.lock/y',
    '.x',
    'a/.b',
    'x.',
    '@',
    'a@{b',
    'a\u0000b',
    'a\u001bb',
    'a\ud800b',
    '-x',
    'x'.repeat(513),
  ])('refuses %j as a branch', (head_branch) => {
    expect(pathsOf('workflow_job', workflowJob({ head_branch }))).toEqual(['workflow_job.head_branch']);
  });

  it.each([
    'main',
    'feature/Übung',
    '$(id)',
    'a;b',
    "it's",
    'a"b',
    '`id`',
    'fix/#12',
    'x@y',
    'a{b}',
    '日本',
    'gh-readonly-queue/main/pr-1',
  ])('keeps the branch %j exactly, because git does', (head_branch) => {
    expect(normalise('workflow_job', workflowJob({ head_branch })).signals[0]).toMatchObject({ branch: head_branch });
  });
});

describe('foreign text in an event', () => {
  it('becomes well-formed, one line, without control characters, and bounded', () => {
    const name = `lint\ud800 a\u0000b\u001b[31m\u202e\nc${'x'.repeat(2_000)}`;
    const [signal] = normalise('check_run', checkRun({ name })).signals;
    const kept = signal?.kind === 'ci_failed' ? (signal.check?.name ?? '') : '';
    expect(kept.startsWith('lint\ufffd ab[31m cx')).toBe(true);
    expect(kept).toHaveLength(512 - 3);
    expect(kept.endsWith('x…')).toBe(true);
  });

  it('keeps spaces and emoji of a name, with which GitHub’s lists are compared', () => {
    const name = ' 🏗️  build (ubuntu, 👩‍💻) ';
    expect(normalise('check_run', checkRun({ name })).signals[0]).toMatchObject({ check: { name } });
  });

  it('cuts a name between characters, never inside one', () => {
    const [signal] = normalise('check_run', checkRun({ name: `${'x'.repeat(510)}🏗🏗` })).signals;
    expect(signal).toMatchObject({ check: { name: `${'x'.repeat(510)}…` } });
  });

  it.each([
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['https://user:secret@github.com/acme/shop'],
    ['/relative'],
    [`https://x.example/${'y'.repeat(3_000)}`],
    [7],
  ])('%j is no link', (url) => {
    expect(normalise('workflow_job', workflowJob({ html_url: url })).signals[0]).toMatchObject({ url: null });
  });

  it('that only describes is left out when it is malformed, and the event still counts', () => {
    const body = {
      ...workflowRun({ head_commit: 5, pull_requests: 'x', actor: { login: 'a b' } }),
      sender: [],
      workflow: 1,
    };
    expect(normalise('workflow_run', body).signals[0]).toMatchObject({
      kind: 'ci_failed',
      commitMessage: null,
      actor: null,
      pullRequests: [],
      workflowName: 'controller-ci',
    });
  });

  it('names the login of a bot and does not believe it to be one by its name', () => {
    const sender = { login: 'dependabot[bot]', type: 'Robot' };
    expect(normalise('workflow_job', { ...workflowJob(), sender }).signals[0]).toMatchObject({
      actor: { login: 'dependabot[bot]', type: 'unknown' },
    });
  });
});
