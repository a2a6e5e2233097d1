import type { Classification, ContextFinding, Excerpt } from '../../model/evidence.ts';
import { FAILURE_TYPES } from '../../model/failure-type.ts';
import type { Attempt } from '../../model/remediation.ts';
import type { FailedCheck } from '../../model/signal.ts';
import { diffText } from '../diff.ts';
import type { ChangedFile } from '../evidence.ts';
import { cutMiddle } from './cut.ts';
import type { PromptInput } from './input.ts';
import { kindOf } from './kinds.ts';
import type { Templates } from './templates.ts';
import { type Untrusted, untrusted } from './untrusted.ts';

/** How text from outside gets into a view: cleaned, redacted, and marked as not to be printed as it is. */
export interface Gate {
  text(raw: string): string;
  line(raw: string, max?: number): Untrusted;
}

/** Nobody reads more names than these; GitHub allows 256 jobs in a matrix. */
const MAX_CHECKS = 24;
const MAX_STEPS = 4;
const MAX_NAME = 160;
const MAX_COMMANDS = 6;
const MAX_STILL_RED = 10;
const MAX_EVIDENCE_LINES = 12;
const MAX_LINE = 400;
/** A person's words are told before anything that is cut; more than this is no guidance any more. */
const MAX_GUIDANCE = 8_000;
const LAST_DIFF_BYTES = 8 * 1024;
/** GitHub's limit for a ref is longer; what is longer than this nobody types. */
const MAX_BRANCH = 255;

/** What broke, and what it was taken for. */
export function failureOf(input: PromptInput, { line }: Gate) {
  const { remediation, classification } = input;
  return {
    moreChecks: Math.max(0, redChecks(input).length - MAX_CHECKS),
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
export function checksOf(input: PromptInput, { line }: Gate) {
  return redChecks(input)
    .slice(0, MAX_CHECKS)
    .map((check) => ({
      name: line(check.name, MAX_NAME),
      workflow: check.workflowName === null ? null : line(check.workflowName, MAX_NAME),
      steps: check.failedSteps.slice(0, MAX_STEPS).map((step) => line(step, MAX_NAME)),
    }));
}

function redChecks({ remediation, failedChecks }: PromptInput): readonly FailedCheck[] {
  return failedChecks ?? remediation.failedChecks;
}

/** What failed steps ran: GitHub names a step without a name of its own `Run <first line of the command>`. */
export function commandsOf(input: PromptInput, { line }: Gate) {
  const steps = redChecks(input).flatMap(({ failedSteps }) => failedSteps);
  const commands = steps.flatMap((step) => /^Run\s+(?![\w.-]+\/[\w./-]+@)(\S[\s\S]*)$/.exec(step)?.[1] ?? []);
  return [...new Set(commands)].slice(0, MAX_COMMANDS).map((command) => line(command));
}

/** How to go about what was reported, each kind once. */
export function kindsOf(templates: Templates, { remediation }: PromptInput) {
  return [...new Set(remediation.causes.map(kindOf))].map((kind) => templates.kinds[kind]);
}

/** Runs whose agent never got to work, or of which nothing came back. */
export function interruptedOf({ earlierAttempts = [], remediation }: PromptInput, { line }: Gate) {
  return [...earlierAttempts, ...remediation.attempts]
    .filter(({ outcome }) => outcome === 'infrastructure')
    .slice(-MAX_INTERRUPTED)
    .map(({ ordinal, agent, detail }) => ({ ordinal, agent, why: detail === null ? null : line(detail, 300) }));
}

const MAX_INTERRUPTED = 6;

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
        : {
            by: line(guidance.by),
            text: cutMiddle(text(guidance.text), MAX_GUIDANCE).text,
            replaces: guidance.mode === 'replace',
          },
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
    stillRed: attempt.stillRed.slice(0, MAX_STILL_RED).map((name) => line(name, MAX_NAME)),
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

const CUT_NOTE = /^… \d+ lines cut …$/;

/**
 * The excerpt with the number of each line in the log. Null when lines and numbers do not go together, because a secret
 * over several lines was taken out.
 */
export function numberedExcerpt({ ranges }: Excerpt, safe: string): string | null {
  const numbers = ranges.map(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
  const width = String(ranges.at(-1)?.[1] ?? 0).length;
  const lines: string[] = [];
  let [range, at] = [0, 0];
  for (const text of safe.split('\n')) {
    const isBetween = at === 0 && (range > 0 || numbers.length === 0 || (numbers[0]?.[0] ?? 1) > 1);
    if (isBetween && CUT_NOTE.test(text)) {
      lines.push(text);
      continue;
    }
    const number = numbers[range]?.[at];
    if (number === undefined) return null;
    lines.push(`${String(number).padStart(width)} | ${text}`);
    at += 1;
    if (at === numbers[range]?.length) [range, at] = [range + 1, 0];
  }
  return range === numbers.length && at === 0 ? lines.join('\n') : null;
}

/** What the last attempt changed: its files, and as much of the diff as helps to see why it did not hold. */
export function filesText(files: readonly ChangedFile[]): string {
  return files.length === 0 ? '' : diffText(files, LAST_DIFF_BYTES).text;
}

export function orNull(text: string): Untrusted | null {
  return text === '' ? null : untrusted(text);
}
