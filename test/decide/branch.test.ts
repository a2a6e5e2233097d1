import { describe, expect, it } from 'vitest';
import { targetBranch } from '../../src/decide/branch.ts';

const red = { failureType: 'rust_build', headSha: 'abcdef0123456789abcdef0123456789abcdef01' } as const;

describe('where an agent pushes', () => {
  it.each([
    ['to the pull request’s head', { branch: 'topic', defaultBranch: 'main', pullRequestHead: 'topic' }, 'topic'],
    ['to the failing branch', { branch: 'topic', defaultBranch: 'main', pullRequestHead: null }, 'topic'],
    [
      'never to the default branch',
      { branch: 'main', defaultBranch: 'main', pullRequestHead: null },
      'fix/rust-build-abcdef01',
    ],
    [
      'never to what may be the default branch',
      { branch: 'main', defaultBranch: null, pullRequestHead: null },
      'fix/rust-build-abcdef01',
    ],
  ])('%s', (_, place, target) => {
    expect(targetBranch({ ...place, ...red })).toBe(target);
  });

  it('to a name of its own when the commit is none that a name could hold', () => {
    const place = { branch: 'main', defaultBranch: 'main', pullRequestHead: null, failureType: 'general' } as const;
    expect(targetBranch({ ...place, headSha: '../../main' })).toMatch(/^fix\/general-[0-9a-f]{8}$/);
  });
});
