import { locateCommit } from '../../brief/locate.ts';
import { RetryableError } from '../../lib/errors.ts';
import type { GitHub } from '../../lib/github/client.ts';
import { githubError, splitRepository } from '../../lib/github/errors.ts';
import type { Remediation } from '../../model/remediation.ts';

/**
 * An alert may name neither branch nor commit; then it is the default branch's head that has to be repaired. Which one
 * that is has to be known in any case, for nobody pushes to it. Throws RetryableError or PermanentError when GitHub does
 * not say.
 */
export async function withPlace(github: GitHub, remediation: Remediation, signal: AbortSignal): Promise<Remediation> {
  const { repository } = remediation;
  const defaultBranch = await defaultBranchOf(github, remediation, signal);
  const branch =
    remediation.branch === '' ? await branchOf(github, remediation, defaultBranch, signal) : remediation.branch;
  if (remediation.headSha !== '') return { ...remediation, branch, defaultBranch };
  const { headSha } = await locateCommit(github, repository, { branch, commitSha: null, signal });
  if (headSha === null) throw new RetryableError(`The branch ${branch} of ${repository} does not exist.`);
  return { ...remediation, branch, defaultBranch, headSha };
}

/** An alert on a pull request names its number only. */
async function branchOf(
  github: GitHub,
  { repository, pullRequest }: Remediation,
  defaultBranch: string,
  signal: AbortSignal,
): Promise<string> {
  if (pullRequest === null) return defaultBranch;
  try {
    const { data } = await github
      .forRepository(repository)
      .rest.pulls.get({ ...splitRepository(repository), pull_number: pullRequest, request: { signal } });
    return data.head.ref;
  } catch (error) {
    throw githubError(error, `read pull request #${pullRequest} of ${repository}`, Date.now());
  }
}

async function defaultBranchOf(
  github: GitHub,
  { repository, defaultBranch: known }: Remediation,
  signal: AbortSignal,
): Promise<string> {
  if (known !== null) return known;
  try {
    const { data } = await github
      .forRepository(repository)
      .rest.repos.get({ ...splitRepository(repository), request: { signal } });
    return data.default_branch;
  } catch (error) {
    throw githubError(error, `read the default branch of ${repository}`, Date.now());
  }
}
