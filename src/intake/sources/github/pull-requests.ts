import type { ListedPullRequest, Repository } from './schema.ts';

/**
 * The pull requests into this repository. A branch that a fork opened a pull request *from* us with is listed too, with a
 * number that belongs to the fork.
 */
function ownPullRequests(list: readonly ListedPullRequest[], repository: Repository): readonly ListedPullRequest[] {
  return list.filter(({ base }) => !base.repo || !repository.id || base.repo.id === repository.id);
}

export interface PullRequestView {
  readonly numbers: readonly number[];
  /** Null when the event lists none: GitHub leaves pull requests from forks out. */
  readonly fromFork: boolean | null;
  /** Of the first. */
  readonly headRef: string | null;
  readonly baseRef: string | null;
}

export function viewOf(list: readonly ListedPullRequest[], repository: Repository): PullRequestView {
  const own = ownPullRequests(list, repository);
  const heads = own.flatMap(({ head, base }) => (head.repo && base.repo ? [head.repo.id !== base.repo.id] : []));
  return {
    numbers: own.map(({ number }) => number),
    fromFork: heads.length === 0 ? null : heads.every(Boolean),
    headRef: own[0]?.head.ref ?? null,
    baseRef: own[0]?.base.ref ?? null,
  };
}
