import { causeFindings } from '../brief/causes.ts';
import { pullOfRef } from '../lib/github/pull-ref.ts';
import { FAILURE_TYPES } from '../model/failure-type.ts';
import type { Remediation } from '../model/remediation.ts';
import { codeSpan, createRedactor, markdownText } from '../safety/index.ts';

/** Title and body of the pull request for a repair on a branch of its own. People merge it; Healer never does. */
export function describePullRequest(remediation: Remediation): { readonly title: string; readonly body: string } {
  const { failureType, branch, headSha, taskId, url, failedChecks, causes } = remediation;
  const what = failureType === null ? 'a failure' : FAILURE_TYPES[failureType].title;
  const summary = remediation.attempts.at(-1)?.report?.summary ?? '';
  const checks = failedChecks.map((check) => `- ${codeSpan(check.name)}`).join('\n');
  const reports = causeFindings(causes, createRedactor()).map(({ summary: said }) => `- ${markdownText(said)}`);
  const fork = pullOfRef(branch);
  const where = fork === null ? codeSpan(branch) : `#${fork}`;
  const place = `${where} at ${codeSpan(headSha.slice(0, 12))}`;
  const isCi = failedChecks.length > 0 || causes.length === 0;
  const body = [
    `${isCi ? `CI is red on ${place}` : `For ${place}`}: ${what}. This branch holds an agent's repair.`,
    reports.length === 0 ? null : `**What was reported**\n\n${reports.join('\n')}`,
    checks === '' ? null : `**Checks that have to become green**\n\n${checks}`,
    summary === '' ? null : `**What the agent says it did**\n\n${markdownText(summary)}`,
    `Healer watches the checks here and does not merge.${url === null ? '' : ` ${isCi ? 'The failure' : 'The report'}: <${url}>`}`,
    `<!-- healer:${taskId} -->`,
  ];
  return {
    title: `Repair ${what} ${fork === null ? `on ${branch}` : `of #${fork}`}`.slice(0, 240),
    body: body.filter((part) => part !== null).join('\n\n'),
  };
}
