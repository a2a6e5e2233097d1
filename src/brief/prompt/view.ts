import type { ContextFinding } from '../../model/evidence.ts';
import { countsAsAttempt } from '../../model/outcome.ts';
import type { Attempt } from '../../model/remediation.ts';
import { safeLine, safeText } from '../../safety/index.ts';
import { REPORT } from '../causes.ts';
import type { Section } from './fit.ts';
import type { PromptInput } from './input.ts';
import {
  checksOf,
  commandsOf,
  evidenceText,
  failureOf,
  filesText,
  findingOf,
  type Gate,
  historyOf,
  interruptedOf,
  kindsOf,
  numberedExcerpt,
  orNull,
  taskOf,
} from './parts.ts';
import type { Templates, View } from './templates.ts';
import { untrusted } from './untrusted.ts';

export interface PreparedView {
  /** The view for the sections as they were cut. */
  view(texts: ReadonlyMap<string, string>, cuts: readonly string[]): View;
  /** In the order in which they may be cut. */
  readonly sections: readonly Section[];
}

/** Characters of a section that stay as long as another can give way. */
const FLOORS = { finding: 600, files: 400, attempt: 1_500, excerpt: 4_000, evidence: 2_000, report: 2_000 } as const;

/** Prepares the production data of a prompt: the one builder, for real prompts and for the check at load. */
export function viewOf(templates: Templates, input: PromptInput): PreparedView {
  const { classification } = input;
  const gate = gateOf(input);
  const withBody = input.findings.filter((finding) => finding.body !== null && finding.status !== 'not_relevant');
  const told = withBody.filter(({ source }) => source !== REPORT);
  const reported = withBody.filter(({ source }) => source === REPORT);
  const past = triedBefore(input);
  const numbered = numberedExcerpt(classification.excerpt, gate.text(classification.excerpt.text));
  const fixed = {
    nonce: input.nonce,
    ...taskOf(templates, input, gate),
    failure: failureOf(input, gate),
    checks: checksOf(input, gate),
    ran: commandsOf(input, gate),
    kinds: kindsOf(templates, input),
    interrupted: interruptedOf(input, gate),
    missing: input.findings
      .filter(({ status }) => status === 'failed' || status === 'timed_out')
      .map(({ source, summary }) => ({ source, summary: gate.line(summary, 300) })),
  };
  const view = (texts: ReadonlyMap<string, string>, cuts: readonly string[]): View => {
    const text = (key: string): string => texts.get(key) ?? '';
    const changing = {
      reported: reported.flatMap((finding, index) => findingOf(finding, text(`report ${index}`), gate)),
      evidence: orNull(text('evidence')),
      excerpt: orNull(text('excerpt')),
      excerptLeftOut: text('excerpt') === '' && classification.excerpt.text !== '',
      findings: told.flatMap((finding) => findingOf(finding, text(`finding ${finding.source}`), gate)),
      history: past.map((attempt, index) => historyOf(attempt, text(`attempt ${index}`), input, gate)),
      lastFiles: orNull(text('lastFiles')),
      cuts,
    };
    return { ...fixed, ...changing };
  };
  return { view, sections: sectionsOf(input, { told, reported, past, numbered }, gate) };
}

interface Told {
  readonly told: readonly ContextFinding[];
  readonly reported: readonly ContextFinding[];
  readonly past: readonly Attempt[];
  /** The excerpt with the number of each line; null when that cannot be told. */
  readonly numbered: string | null;
}

/** First to be cut: what is known around it, the last source first; last: what was reported and the lines that decided. */
function sectionsOf(input: PromptInput, { told, reported, past, numbered }: Told, gate: Gate): readonly Section[] {
  const section = (key: string, name: string, text: string, floor: number): Section => ({
    key,
    name,
    text: gate.text(text),
    floor,
  });
  const { classification } = input;
  return [
    ...told.toReversed().map(({ source, body }) => section(`finding ${source}`, source, body ?? '', FLOORS.finding)),
    section('lastFiles', 'changes of the last attempt', filesText(input.lastAttemptFiles ?? []), FLOORS.files),
    ...past.map(({ number, report }, index) =>
      section(`attempt ${index}`, `what attempt ${number} said`, report?.summary.trim() ?? '', FLOORS.attempt),
    ),
    section('excerpt', 'excerpt of the log', numbered ?? classification.excerpt.text, FLOORS.excerpt),
    ...reported.map(({ body }, index) => section(`report ${index}`, `report ${index + 1}`, body ?? '', FLOORS.report)),
    section('evidence', 'deciding lines', evidenceText(classification), FLOORS.evidence),
  ];
}

/** Attempts that an agent really made and that did not hold; what a retry tells about, oldest first. */
export function triedBefore({ remediation, earlierAttempts = [] }: PromptInput): readonly Attempt[] {
  return [...earlierAttempts, ...remediation.attempts].filter(
    ({ outcome }) => outcome !== null && outcome !== 'success' && countsAsAttempt(outcome),
  );
}

/** The safety gate in the scope of one prompt. */
function gateOf({ redactor }: PromptInput): Gate {
  return {
    text: (raw) => safeText(raw, redactor),
    line: (raw, max = 200) => untrusted(safeLine(raw, redactor, max)),
  };
}
