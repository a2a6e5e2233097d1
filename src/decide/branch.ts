import { digestOf } from '../lib/digest.ts';
import type { FailureType } from '../model/failure-type.ts';

/**
 * Where the agent pushes: the pull request's head branch; `fix/<failure type>-<sha8>` when the default branch broke,
 * so that people review the repair; otherwise the failing branch itself.
 */
export function targetBranch(input: {
  readonly branch: string;
  readonly defaultBranch: string | null;
  readonly pullRequestHead: string | null;
  readonly failureType: FailureType;
  readonly headSha: string;
}): string {
  if (input.pullRequestHead !== null) return input.pullRequestHead;
  if (input.branch !== input.defaultBranch) return input.branch;
  const short = input.failureType.replaceAll('_', '-');
  const sha = /^[0-9a-f]{8,}$/.test(input.headSha) ? input.headSha : digestOf({ sha: input.headSha });
  return `fix/${short}-${sha.slice(0, 8)}`;
}
