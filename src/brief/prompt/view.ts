import type { Classification } from '../../model/evidence.ts';
import { FAILURE_TYPES } from '../../model/failure-type.ts';
import { countsAsAttempt } from '../../model/outcome.ts';
import type { Attempt, Remediation } from '../../model/remediation.ts';
import { PLACEHOLDER, safeLine, safeText } from '../../safety/index.ts';
import type { Section } from './fit.ts';
import type { PromptInput } from './input.ts';
import type { Templates, View } from './templates.ts';
import { type Untrusted, untrusted } from './untrusted.ts';

export interface PreparedView {
  /** The view for the sections as they were cut. */
  view(texts: ReadonlyMap<string, string>, cuts: readonly string[]): View;
  /** In the order in which they may be cut. */
  readonly sections: readonly Section[];
}

const FINDING_FLOOR = 600;
const EXCERPT_FLOOR = 4_000;
const HISTORY_FLOOR = 1_500;
const MAX_EVIDENCE_LINES = 12;
const MAX_LINE = 400;

/** Prepares the production data of a prompt: the one builder, for real prompts and for the check at load. */
export function viewOf(templates: Templates, input: PromptInput): PreparedView {
  const { remediation, classification, redactor } = input;
  const line = (text: string, max = 200): Untrusted => untrusted(safeLine(text, redactor, max));
  const told = input.findings.filter((finding) => finding.body !== null && finding.status !== 'not_relevant');
  const past = triedBefore(remediation);
  const lastFiles = (input.lastAttemptFiles ?? []).map(
    (file) => `${file.status} ${file.path} (+${file.additions} -${file.deletions})`,
  );
  const persona = templates.agents.find((agent) => agent.name === input.agent.name)?.persona ?? input.agent.specialty;
  const playbook = templates.playbook[classification.failureType];
  const { guidance } = remediation;

  const base = {
    nonce: input.nonce,
    agent: { name: input.agent.name, persona, specialty: input.agent.specialty },
    attempt: {
      number: input.attemptNumber,
      max: input.maxAttempts,
      isLast: input.attemptNumber >= input.maxAttempts,
      isFirst: past.length === 0,
    },
    failure: {
      type: classification.failureType,
      title: FAILURE_TYPES[classification.failureType].title,
      reason: line(classification.reason, 300),
      rule: line(classification.rule),
      confidence: classification.confidence,
      unsure: classification.confidence < 0.5,
      repository: line(remediation.repository),
      branch: line(remediation.branch, 255),
      sha: line(remediation.headSha),
      workflow: remediation.workflowName === null ? null : line(remediation.workflowName),
      url: remediation.url === null ? null : line(remediation.url, 500),
      pullRequest: remediation.pullRequest,
    },
    checks: (input.failedChecks ?? remediation.failedChecks).map((check) => ({
      name: line(check.name),
      workflow: check.workflowName === null ? null : line(check.workflowName),
      steps: check.failedSteps.map((step) => line(step)),
    })),
    excerptRanges: classification.excerpt.ranges.map(([from, to]) => `${from}–${to}`).join(', '),
    totalLines: classification.excerpt.totalLines,
    missing: input.findings
      .filter((finding) => finding.status === 'failed' || finding.status === 'timed_out')
      .map((finding) => ({ source: finding.source, summary: line(finding.summary, 300) })),
    // Guidance that replaces stands in place of our advice, never in place of failure, checks and limits.
    approach: { shown: guidance?.mode !== 'replace', advice: playbook.advice, commands: playbook.commands },
    guidance:
      guidance === null
        ? null
        : { by: line(guidance.by), text: safeText(guidance.text, redactor), replaces: guidance.mode === 'replace' },
    targetBranch: line(input.targetBranch, 255),
    baseBranch: input.baseBranch == null ? null : line(input.baseBranch, 255),
    isFix: input.targetBranch !== remediation.branch,
  };

  const sections: readonly Section[] = [
    ...told.toReversed().map((finding) => ({
      key: `finding ${finding.source}`,
      name: finding.source,
      text: safeText(finding.body ?? '', redactor),
      floor: FINDING_FLOOR,
    })),
    { key: 'lastFiles', name: 'files of the last attempt', text: safeText(lastFiles.join('\n'), redactor), floor: 400 },
    ...past.map((attempt) => ({
      key: `attempt ${attempt.ordinal}`,
      name: `what attempt ${attempt.number} said`,
      text: safeText(saidOf(attempt), redactor),
      floor: HISTORY_FLOOR,
    })),
    {
      key: 'excerpt',
      name: 'excerpt of the log',
      text: safeText(classification.excerpt.text, redactor),
      floor: EXCERPT_FLOOR,
    },
    { key: 'evidence', name: 'deciding lines', text: safeText(evidenceText(classification), redactor), floor: 2_000 },
  ];

  const view = (texts: ReadonlyMap<string, string>, cuts: readonly string[]): View => {
    const text = (key: string): string => texts.get(key) ?? '';
    const full = {
      ...base,
      evidence: orNull(text('evidence')),
      excerpt: orNull(text('excerpt')),
      excerptLeftOut: text('excerpt') === '' && classification.excerpt.text !== '',
      findings: told
        .map((finding) => ({
          source: finding.source,
          title: titleOf(finding.source),
          summary: line(finding.summary, 300),
          body: orNull(text(`finding ${finding.source}`)),
          truncated: finding.truncated,
        }))
        .filter((finding) => finding.body !== null),
      history: past.map((attempt) => ({
        number: attempt.number,
        agent: attempt.agent,
        sameAgent: attempt.agent === input.agent.name,
        outcome: attempt.outcome,
        why: attempt.detail === null ? null : line(attempt.detail, 500),
        commit: attempt.report?.commitSha == null ? null : line(attempt.report.commitSha),
        stillRed: attempt.stillRed.map((name) => line(name)),
        said: orNull(text(`attempt ${attempt.ordinal}`)),
      })),
      lastFiles: orNull(text('lastFiles')),
      cuts,
    };
    return { ...full, redacted: hasPlaceholder([...texts.values(), base.guidance?.text ?? '']) };
  };
  return { view, sections };
}

/** Attempts that an agent really made and that did not hold; what a retry tells about. */
export function triedBefore(remediation: Remediation): readonly Attempt[] {
  return remediation.attempts.filter(
    ({ outcome }) => outcome !== null && outcome !== 'success' && countsAsAttempt(outcome),
  );
}

function orNull(text: string): Untrusted | null {
  return text === '' ? null : untrusted(text);
}

function hasPlaceholder(texts: readonly string[]): boolean {
  return texts.some((text) => text.search(PLACEHOLDER) !== -1);
}

function saidOf(attempt: Attempt): string {
  return attempt.report?.summary.trim() ?? '';
}

function evidenceText(classification: Classification): string {
  return classification.evidence
    .slice(0, MAX_EVIDENCE_LINES)
    .map(({ line, text }) => `${line}: ${text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text}`)
    .join('\n');
}

function titleOf(source: string): string {
  const words = source.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
