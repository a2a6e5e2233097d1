import type { Classification, ContextFinding } from '../../model/evidence.ts';
import type { Remediation } from '../../model/remediation.ts';
import { type Redactor, safeLine, suspicionsIn } from '../../safety/index.ts';

/** More than these say no more than that somebody tries hard. */
const MAX_PLACES = 8;

/**
 * Places in the evidence that read like instructions to an agent, for the timeline: where, what kind, and the words. The
 * agent gets the same text all the same, fenced as data.
 */
export function suspiciousPlaces(
  { branch, workflowName, commitMessage, failedChecks }: Remediation,
  { evidence, excerpt }: Classification,
  findings: readonly ContextFinding[],
  redactor: Redactor,
): readonly string[] {
  const names = [
    branch,
    workflowName ?? '',
    ...failedChecks.flatMap(({ name, failedSteps }) => [name, ...failedSteps]),
  ];
  const places: readonly (readonly [where: string, text: string])[] = [
    ['names of branch and checks', names.join('\n')],
    ['commit message', commitMessage ?? ''],
    ['log', [excerpt.text, ...evidence.map(({ text }) => text)].join('\n')],
    ...findings.map(({ source, summary, body }) => [source, `${summary}\n${body ?? ''}`] as const),
  ];
  return places
    .flatMap(([where, text]) =>
      suspicionsIn(text).map(({ kind, words }) => `${where} ${kind} (“${safeLine(words, redactor)}”)`),
    )
    .slice(0, MAX_PLACES);
}
