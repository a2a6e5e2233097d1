import type { Classification, ContextFinding } from '../../model/evidence.ts';
import { FAILURE_TYPES } from '../../model/failure-type.ts';
import type { Attempt } from '../../model/remediation.ts';
import { diffText } from '../diff.ts';
import type { ChangedFile } from '../evidence.ts';
import type { PromptInput } from './input.ts';
import type { Templates } from './templates.ts';
import { type Untrusted, untrusted } from './untrusted.ts';

/** How text from outside gets into a view: cleaned, redacted, and marked as not to be printed as it is. */
export interface Gate {
  text(raw: string): string;
  line(raw: string, max?: number): Untrusted;
}

const MAX_EVIDENCE_LINES = 12;
const MAX_LINE = 400;
const LAST_DIFF_BYTES = 8 * 1024;
/** GitHub's limit for a ref is longer; what is longer than this nobody types. */
const MAX_BRANCH = 255;

/** What broke, and what it was taken for. */
export function failureOf({ remediation, classification }: PromptInput, { line }: Gate) {
  return {
    /** False when something was reported, and no check is red. */
    isCi: remediation.causes.length === 0 || remediation.failedChecks.length > 0,
    type: classification.failureType,
    title: FAILURE_TYPES[classification.failureType].title,
    reason: line(classification.reason, 300),
    rule: line(classification.rule),
    confidence: classification.confidence,
    unsure: classification.confidence < 0.5,
    excerptRanges: classification.excerpt.ranges.map(([from, to]) => `${from}–${to}`).join(', '),
    totalLines: classification.excerpt.totalLines,
    repository: line(remediation.repository),
    branch: line(remediation.branch, MAX_BRANCH),
    sha: line(remediation.headSha),
    workflow: remediation.workflowName === null ? null : line(remediation.workflowName),
    url: remediation.url === null ? null : line(remediation.url, 500),
    pullRequest: remediation.pullRequest,
  };
}

/** The checks that must become green. */
export function checksOf({ remediation, failedChecks }: PromptInput, { line }: Gate) {
  return (failedChecks ?? remediation.failedChecks).map((check) => ({
    name: line(check.name),
    workflow: check.workflowName === null ? null : line(check.workflowName),
    steps: check.failedSteps.map((step) => line(step)),
  }));
}

/** Who does it, the how-manieth time, how, and where the work goes. */
export function taskOf(templates: Templates, input: PromptInput, { line, text }: Gate) {
  const { agent, remediation, targetBranch } = input;
  const { guidance } = remediation;
  const { advice, commands } = templates.playbook[input.classification.failureType];
  const persona = templates.agents.find((known) => known.name === agent.name)?.persona ?? agent.specialty;
  return {
    agent: { name: agent.name, persona, specialty: agent.specialty },
    attempt: {
      number: input.attemptNumber,
      max: input.maxAttempts,
      isLast: input.attemptNumber >= input.maxAttempts,
    },
    // Guidance that replaces stands in place of our advice, never in place of failure, checks and limits.
    approach: { shown: guidance?.mode !== 'replace', advice, commands },
    guidance:
      guidance === null
        ? null
        : { by: line(guidance.by), text: text(guidance.text), replaces: guidance.mode === 'replace' },
    targetBranch: line(targetBranch, MAX_BRANCH),
    baseBranch: input.baseBranch == null ? null : line(input.baseBranch, MAX_BRANCH),
    isFix: targetBranch !== remediation.branch,
  };
}

/** One attempt as a retry tells it; `said` is its own summary as far as it fits. */
export function historyOf(attempt: Attempt, said: string, input: PromptInput, { line }: Gate) {
  const { report, detail } = attempt;
  return {
    number: attempt.number,
    agent: attempt.agent,
    sameAgent: attempt.agent === input.agent.name,
    outcome: attempt.outcome,
    why: detail === null ? null : line(detail, 500),
    commit: report?.commitSha == null ? null : line(report.commitSha),
    stillRed: attempt.stillRed.map((name) => line(name)),
    said: orNull(said),
  };
}

/** What one source knows; nothing when all of it was cut away. */
export function findingOf(finding: ContextFinding, body: string, { line }: Gate) {
  if (body === '') return [];
  const words = finding.source.replaceAll('-', ' ');
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  const summary = line(finding.summary, 300);
  return [{ source: finding.source, title, summary, body: untrusted(body), truncated: finding.truncated }];
}

/** The lines that decided, each with its number. */
export function evidenceText({ evidence }: Classification): string {
  return evidence
    .slice(0, MAX_EVIDENCE_LINES)
    .map(({ line, text }) => `${line}: ${text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text}`)
    .join('\n');
}

/** What the last attempt changed: its files, and as much of the diff as helps to see why it did not hold. */
export function filesText(files: readonly ChangedFile[]): string {
  return files.length === 0 ? '' : diffText(files, LAST_DIFF_BYTES).text;
}

export function orNull(text: string): Untrusted | null {
  return text === '' ? null : untrusted(text);
}
