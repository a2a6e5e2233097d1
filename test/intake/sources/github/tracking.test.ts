import { describe, expect, it } from 'vitest';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import { branchDeletion, mergeGroup, pullRequest, push, SHA } from '../../support/bodies.ts';

const ZEROS = '0'.repeat(40);

describe('a pull request', () => {
  it.each([
    ['closed', false, 'closed'],
    ['closed', true, 'merged'],
    ['synchronize', false, 'head_moved'],
    ['opened', false, 'opened'],
    ['reopened', false, 'reopened'],
    ['converted_to_draft', false, 'converted_to_draft'],
    ['ready_for_review', false, 'ready_for_review'],
  ])('%s (merged: %s) is %s', (action, merged, change) => {
    expect(normalise('pull_request', pullRequest(action, { merged })).signals).toEqual([
      {
        kind: 'pull_request_changed',
        repository: 'acme/shop',
        change,
        branch: 'feature/cart',
        number: 12,
        headSha: SHA,
        actor: { login: 'maria', type: 'User' },
        fromFork: false,
        baseRef: 'main',
        label: null,
        labels: ['bug'],
        draft: false,
      },
    ]);
  });

  it.each(['labeled', 'unlabeled'])('%s says which label, and which there are now', (action) => {
    const body = { ...pullRequest(action), label: { name: 'skip\u0000-healer', color: 'f00' } };
    expect(normalise('pull_request', body).signals[0]).toMatchObject({
      change: action,
      label: 'skip-healer',
      labels: ['bug'],
    });
    expect(normalise('pull_request', { ...body, label: null }).signals[0]).toMatchObject({ label: null });
    expect(normalise('pull_request', { ...body, action: 'opened' }).signals[0]).toMatchObject({ label: null });
  });

  it('whose base was changed says to what', () => {
    const body = {
      ...pullRequest('edited', { base: { ref: 'release' } }),
      changes: { base: { ref: { from: 'main' } } },
    };
    expect(normalise('pull_request', body).signals[0]).toMatchObject({ change: 'base_changed', baseRef: 'release' });
  });

  it.each(['edited', 'assigned', 'review_requested', 'locked', 'enqueued'])('%s changes nothing', (action) => {
    const { signals, ignored } = normalise('pull_request', pullRequest(action));
    expect(signals).toEqual([]);
    expect(ignored).toMatchObject({ code: 'not_a_failure', detail: expect.stringContaining(`was ${action}`) });
  });

  it.each([
    ['another repository', { id: 900, full_name: 'stranger/shop' }],
    ['a repository that was deleted', null],
  ])('from %s says so, because its branch may be called like ours', (_, repo) => {
    const head = { ref: 'main', sha: SHA, repo };
    expect(normalise('pull_request', pullRequest('closed', { head })).signals[0]).toMatchObject({
      branch: 'main',
      fromFork: true,
    });
  });
});

describe('a merge group', () => {
  const QUEUE = `gh-readonly-queue/main/pr-12-${SHA}`;
  it.each([
    ['checks_requested', undefined, 'queued'],
    ['destroyed', 'merged', 'merged'],
    ['destroyed', 'invalidated', 'dequeued'],
    ['destroyed', 'dequeued', 'dequeued'],
    ['destroyed', undefined, 'dequeued'],
  ])('%s (%s) is %s, on the queue’s own branch', (action, why, change) => {
    const body = { ...mergeGroup(action, QUEUE), ...(why === undefined ? {} : { reason: why }) };
    expect(normalise('merge_group', body).signals).toEqual([
      {
        kind: 'pull_request_changed',
        repository: 'acme/shop',
        change,
        branch: QUEUE,
        number: 12,
        headSha: SHA,
        actor: { login: 'maria', type: 'User' },
        fromFork: false,
        baseRef: 'main',
        label: null,
        labels: null,
        draft: null,
      },
    ]);
  });

  it('on a branch of another form has no number', () => {
    expect(normalise('merge_group', mergeGroup('checks_requested', 'queue/x')).signals[0]).toMatchObject({
      branch: 'queue/x',
      number: null,
    });
  });

  it('that does something else is nothing', () => {
    expect(normalise('merge_group', mergeGroup('renamed', QUEUE)).ignored?.code).toBe('not_a_failure');
  });
});

describe('a push', () => {
  it('to a branch moves its head', () => {
    expect(normalise('push', push()).signals[0]).toMatchObject({
      kind: 'pull_request_changed',
      change: 'head_moved',
      branch: 'feature/cart',
      number: null,
      headSha: SHA,
      fromFork: false,
    });
  });

  it.each([{ deleted: true }, { deleted: undefined, after: ZEROS }])(
    'that deletes the branch says so (%j)',
    (fields) => {
      expect(normalise('push', push(fields)).signals[0]).toMatchObject({ change: 'branch_deleted', headSha: null });
    },
  );

  it('of a tag is nothing', () => {
    expect(normalise('push', push({ ref: 'refs/tags/v1' })).ignored?.code).toBe('not_a_failure');
  });
});

describe('a deletion', () => {
  it('of a branch says which', () => {
    expect(normalise('delete', branchDeletion()).signals[0]).toMatchObject({
      kind: 'pull_request_changed',
      change: 'branch_deleted',
      branch: 'feature/cart',
    });
  });

  it('of a tag is nothing', () => {
    expect(normalise('delete', branchDeletion({ ref_type: 'tag' })).ignored?.code).toBe('not_a_failure');
  });
});
