import type { Remediation } from '../../model/remediation.ts';
import { DEFAULT_TOKEN, type GitHubStandIn } from './github/index.ts';

export interface Summary {
  readonly text: string;
  /** The stand-in says that every check on the branch's head has completed with success. */
  readonly isGreen: boolean;
}

interface CheckRuns {
  readonly check_runs: readonly {
    readonly name: string;
    readonly status: string;
    readonly conclusion: string | null;
    readonly head_sha: string;
  }[];
}

/** How it ended, asked of the stand-in and not of Healer: the checks decide. */
export async function sumUp(github: GitHubStandIn, remediation: Remediation, url: string): Promise<Summary> {
  const { repository, branch, targetBranch, attempts } = remediation;
  const path = `/repos/${repository}/commits/${encodeURIComponent(targetBranch ?? branch)}/check-runs`;
  const response = await fetch(`${github.url}${path}`, { headers: { authorization: `Bearer ${DEFAULT_TOKEN}` } });
  const { check_runs: checks } = (await response.json()) as CheckRuns;
  const sha = checks[0]?.head_sha ?? '';
  const isAgents = attempts.some((attempt) => attempt.report?.commitSha === sha);
  const isGreen = checks.length > 0 && isAgents && checks.every((check) => check.conclusion === 'success');
  const text = [
    '',
    `${remediation.taskId}  ${repository} ${branch}: ${remediation.phase}`,
    ...attempts.map(
      (attempt) =>
        `  attempt ${attempt.number}  ${attempt.agent}  ${attempt.codeRunName ?? '-'}  ${attempt.outcome ?? 'under way'}`,
    ),
    ...checks.map(
      (check) => `  check ${check.name} on ${check.head_sha.slice(0, 8)}: ${check.conclusion ?? check.status}`,
    ),
    '',
    isGreen
      ? 'Green: the checks say so on the agent’s commit.'
      : `Not green: ${remediation.reason?.detail ?? 'no reason is known'}`,
    `Look at it: ${url}/remediations/${remediation.id} (with --keep the service stays)`,
  ].join('\n');
  return { text, isGreen };
}
