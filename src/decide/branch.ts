import { digestOf } from '../lib/digest.ts';
import { pullOfRef } from '../lib/github/pull-ref.ts';
import type { FailureType } from '../model/failure-type.ts';

/**
 * Where the agent pushes: the pull request's head branch; `fix/<failure type>-<sha8>` when the default branch broke,
 * or a fork's pull request, so that people review the repair; otherwise the failing branch itself. As long as nobody
 * knows which branch is the default one, each may be.
 */
export function targetBranch(input: {
  readonly branch: string;
  readonly defaultBranch: string | null;
  readonly pullRequestHead: string | null;
  readonly failureType: FailureType;
  readonly headSha: string;
}): string {
  if (input.pullRequestHead !== null) return input.pullRequestHead;
  // A fork's branch is not ours to push to.
  const isFork = pullOfRef(input.branch) !== null;
  const isDefault = input.defaultBranch === null || input.branch === input.defaultBranch;
  if (!isDefault && !isFork) return input.branch;
  const short = input.failureType.replaceAll('_', '-');
  const sha = /^[0-9a-f]{8,}$/.test(input.headSha) ? input.headSha : digestOf({ sha: input.headSha });
  return `fix/${short}-${sha.slice(0, 8)}`;
}
