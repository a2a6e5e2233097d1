import type { GitHub } from '../lib/github/client.ts';
import { githubError, splitRepository, statusOf } from '../lib/github/errors.ts';

export interface CommitPlace {
  /** The branch's head now; null when the branch does not exist. */
  readonly headSha: string | null;
  /** The commit's full sha; null when the repository does not know it, or none was given. */
  readonly commitSha: string | null;
  /** The commit is the head of the branch or one of its ancestors. */
  readonly onBranch: boolean;
  /** The branch has commits after it. */
  readonly moved: boolean;
}

/**
 * Where an agent's commit stands. `commitSha` is what the agent reported, so it may be short, of another branch or
 * made up. Throws `RetryableError` or `PermanentError` when GitHub does not answer.
 */
export async function locateCommit(
  github: GitHub,
  repository: string,
  { branch, commitSha, signal }: { branch: string; commitSha: string | null; signal?: AbortSignal },
): Promise<CommitPlace> {
  const octokit = github.forRepository(repository);
  const where = { ...splitRepository(repository), request: signal === undefined ? {} : { signal } };
  try {
    const headSha = await orNull(
      octokit.rest.git.getRef({ ...where, ref: `heads/${branch}` }),
      (data) => data.object.sha,
    );
    const known =
      commitSha !== null && /^[0-9a-f]{7,64}$/i.test(commitSha)
        ? await orNull(octokit.rest.repos.getCommit({ ...where, ref: commitSha, per_page: 1 }), (data) => data.sha)
        : null;
    if (headSha === null || known === null) return { headSha, commitSha: known, onBranch: false, moved: false };
    if (headSha === known) return { headSha, commitSha: known, onBranch: true, moved: false };
    const status = await orNull(
      octokit.rest.repos.compareCommitsWithBasehead({ ...where, basehead: `${known}...${headSha}`, per_page: 1 }),
      (data) => data.status,
    );
    const onBranch = status === 'ahead' || status === 'identical';
    return { headSha, commitSha: known, onBranch, moved: onBranch };
  } catch (error) {
    throw githubError(error, `find ${commitSha ?? 'the head'} on ${repository}:${branch}`, github.clock());
  }
}

/** 404 (no such ref) and 422 (no such commit) are answers; everything else is an error. */
async function orNull<T, R>(request: Promise<{ data: T }>, pick: (data: T) => R): Promise<R | null> {
  try {
    return pick((await request).data);
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 422) return null;
    throw error;
  }
}
