import { describe, expect, it } from 'vitest';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import { branchDeletion, pullRequest, push, SHA } from '../../support/bodies.ts';

const ZEROS = '0'.repeat(40);

describe('a pull request', () => {
  it.each([
    ['closed', false, 'closed'],
    ['closed', true, 'merged'],
    ['synchronize', false, 'head_moved'],
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
        baseRef: null,
        label: null,
        labels: null,
        draft: null,
      },
    ]);
  });

  it.each(['opened', 'labeled', 'edited', 'ready_for_review'])('%s changes nothing', (action) => {
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
