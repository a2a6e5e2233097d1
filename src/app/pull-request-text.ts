import { FAILURE_TYPES } from '../model/failure-type.ts';
import type { Remediation } from '../model/remediation.ts';
import { codeSpan, markdownText } from '../safety/index.ts';

/** Title and body of the pull request for a repair on a branch of its own. People merge it; Healer never does. */
export function describePullRequest(remediation: Remediation): { readonly title: string; readonly body: string } {
  const { failureType, branch, headSha, taskId, url, failedChecks } = remediation;
  const what = failureType === null ? 'a failure' : FAILURE_TYPES[failureType].title;
  const summary = remediation.attempts.at(-1)?.report?.summary ?? '';
  const checks = failedChecks.map((check) => `- ${codeSpan(check.name)}`).join('\n');
  const body = [
    `CI on ${codeSpan(branch)} is red at ${codeSpan(headSha.slice(0, 12))}: ${what}. This branch holds an agent's repair.`,
    `**Checks that have to become green**\n\n${checks}`,
    summary === '' ? null : `**What the agent says it did**\n\n${markdownText(summary)}`,
    `Healer watches the checks here and does not merge.${url === null ? '' : ` The failure: <${url}>`}`,
    `<!-- healer:${taskId} -->`,
  ];
  return {
    title: `Repair ${what} on ${branch}`.slice(0, 240),
    body: body.filter((part) => part !== null).join('\n\n'),
  };
}
