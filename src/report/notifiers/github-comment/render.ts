import type { Classification } from '../../../model/evidence.ts';
import { type Attempt, isTerminal, type Remediation } from '../../../model/remediation.ts';
import { cleanLine, cleanText } from '../../../safety/clean.ts';
import { codeSpan, markdownText } from '../../../safety/names.ts';
import { agentName, attemptWord, failureTitle, happening, PHASE_WORDS, plural, type Tone } from '../../words.ts';
import { locationsOf } from '../check-run/locations.ts';
import { codeCell, fencedBlock, link } from './markdown.ts';

/** What the comment shows besides the remediation itself. */
export interface CommentView {
  readonly maxAttempts: number;
  /** Of the latest attempt; null until evidence was gathered. */
  readonly classification: Classification | null;
  /** The engine's word for the current CodeRun: Pending, Running, …; null when it is not known. */
  readonly codeRunPhase: string | null;
  /** The remediation's own page, absolute; null when Healer does not know its public address. */
  readonly pageUrl: string | null;
  /** Where traces are kept, the id to look it up by. */
  readonly traceId?: string;
  /** What a reader can type, where it works. */
  readonly commands: readonly CommandHint[];
}

export interface CommandHint {
  readonly type: string;
  readonly does: string;
}

/** GitHub refuses a longer comment. */
export const MAX_COMMENT = 65_536;
const MAX_EVIDENCE = 12;
const MAX_LINE = 240;
const MAX_CHECKS = 12;
const MAX_ROWS = 12;
const MAX_CONCERNS = 12;
const MAX_SUMMARY = 2_000;

const SIGNS: Readonly<Record<Tone, string>> = { good: '🟢', bad: '🔴', busy: '🔧', waiting: '⏸️', quiet: '⚪' };

/** The hidden first line by which Healer finds its own comment again. */
export function marker(taskId: string): string {
  return `<!-- healer:${taskId.replace(/[^A-Za-z0-9._-]/g, '')} -->`;
}

/** What works in every installation: the commands of the terminal. */
export function terminalCommands(remediation: Remediation): readonly CommandHint[] {
  const { taskId, phase } = remediation;
  const retry = (does: string) => ({ type: `healer remediations retry ${taskId} --guidance "…"`, does });
  const cancel = { type: `healer remediations cancel ${taskId}`, does: 'stop' };
  const approve = { type: `healer remediations approve ${taskId}`, does: 'let an agent start' };
  if (phase === 'succeeded') return [];
  if (isTerminal(phase)) return [retry('try again, with your words in the prompt')];
  return phase === 'awaiting_approval' ? [approve, cancel] : [retry('give the next attempt your words'), cancel];
}

/**
 * The one comment that Healer keeps on a pull request, as GitHub Markdown of at most 65,536 characters. Names, log lines
 * and what agents say came from outside: they stand in code, or are neutralised, and mention or format nothing.
 */
export function renderComment(remediation: Remediation, view: CommentView): string {
  const first = marker(remediation.taskId);
  const sections: readonly Section[] = [
    { text: heading(remediation), droppedAt: null },
    { text: broken(remediation), droppedAt: null },
    { text: now(remediation, view), droppedAt: null },
    { text: evidence(view.classification), droppedAt: 3 },
    { text: attempts(remediation, view), droppedAt: 4 },
    { text: concerns(remediation), droppedAt: 5 },
    { text: remediation.phase === 'escalated' ? whatWasTried(remediation) : '', droppedAt: 1 },
    { text: remediation.phase === 'escalated' ? whereToLook(remediation, view) : '', droppedAt: 2 },
    { text: commands(view.commands), droppedAt: null },
    { text: footer(remediation, view), droppedAt: null },
  ];
  return `${first}\n${shorten(sections, MAX_COMMENT - first.length - 2)}\n`;
}

/**
 * The same for a check: `summary` says what broke and what is happening, `text` what there is to know besides. Each at
 * most `max` characters.
 */
export function renderParts(
  remediation: Remediation,
  view: CommentView,
  max: number,
): { readonly summary: string; readonly text: string } {
  const summary: readonly Section[] = [
    { text: broken(remediation), droppedAt: 1 },
    { text: now(remediation, view), droppedAt: null },
    { text: commands(view.commands), droppedAt: null },
  ];
  const isOver = remediation.phase === 'escalated';
  const text: readonly Section[] = [
    { text: evidence(view.classification), droppedAt: 2 },
    { text: attempts(remediation, view), droppedAt: 3 },
    { text: concerns(remediation), droppedAt: 4 },
    { text: isOver ? whatWasTried(remediation) : '', droppedAt: 1 },
    { text: isOver ? whereToLook(remediation, view) : '', droppedAt: 0 },
    { text: footer(remediation, view), droppedAt: null },
  ];
  return { summary: shorten(summary, max), text: shorten(text, max) };
}

interface Section {
  readonly text: string;
  /** What is too long as a whole loses its sections in this order; null ones stay, they are short. */
  readonly droppedAt: number | null;
}

const LEFT_OUT = '_Something was left out here: GitHub takes no longer comment. The remediation’s own page has it._';

function shorten(sections: readonly Section[], max: number): string {
  const join = (parts: readonly Section[]): string =>
    parts
      .map((part) => part.text)
      .filter((text) => text !== '')
      .join('\n\n');
  let kept = sections;
  const order = sections.flatMap(({ droppedAt }) => droppedAt ?? []).toSorted((a, b) => a - b);
  for (const next of order) {
    if (join(kept).length <= max) break;
    kept = kept.map((part) => (part.droppedAt === next && part.text !== '' ? { ...part, text: LEFT_OUT } : part));
  }
  return join(kept);
}

function heading(remediation: Remediation): string {
  const { label, tone } = PHASE_WORDS[remediation.phase];
  return `### ${SIGNS[tone]} Healer: ${label}`;
}

/** What asks for a repair when no check is red. */
const REPORTERS: Readonly<Record<Remediation['kind'], string>> = {
  ci: 'CI',
  sec: 'A security alert',
  review: 'A review',
  play: 'A failed play',
  alert: 'A platform alert',
};

function broken(remediation: Remediation): string {
  const { failedChecks, causes, branch, headSha, workflowName, url } = remediation;
  if (failedChecks.length === 0 && causes.length > 0) {
    const others = causes.length > 1 ? ` and ${plural(causes.length - 1, 'more', 'more')}` : '';
    const who = `${link(REPORTERS[remediation.kind], url)}${others}`;
    const place = `${codeSpan(cleanLine(branch))}${headSha === '' ? '' : ` (${shortSha(headSha)})`}`;
    return `${who}: **${failureTitle(remediation)}** is to be repaired on ${place}.`;
  }
  const where = workflowName === null ? 'CI' : link(codeSpan(cleanLine(workflowName)), url);
  const why = remediation.failureType === null ? '' : ` because of **${failureTitle(remediation)}**`;
  const title = `${where} went red on ${codeSpan(cleanLine(branch))} (${shortSha(headSha)})${why}.`;
  if (failedChecks.length === 0) return title;
  const named = failedChecks
    .slice(0, MAX_CHECKS)
    .map((check) => link(codeSpan(cleanLine(check.name)), check.url))
    .join(', ');
  const more = failedChecks.length > MAX_CHECKS ? ` and ${failedChecks.length - MAX_CHECKS} more` : '';
  return `${title}\nRed at the start: ${named}${more}.`;
}

function now(remediation: Remediation, view: CommentView): string {
  const { text, detail } = happening(remediation, view.codeRunPhase);
  const why = detail === null ? '' : ` ${markdownText(cleanLine(detail, 600))}`;
  return `**Now:** ${text}${why}`;
}

function evidence(classification: Classification | null): string {
  if (classification === null || classification.evidence.length === 0) return '';
  const lines = classification.evidence.slice(0, MAX_EVIDENCE).toSorted((a, b) => a.line - b.line);
  const width = String(lines.at(-1)?.line ?? 0).length;
  const text = lines.map((line) => `${String(line.line).padStart(width)} | ${codeLine(line.text)}`).join('\n');
  const sure = `${Math.round(classification.confidence * 100)} %`;
  const rule = `rule ${codeSpan(cleanLine(classification.rule))}, ${sure} sure`;
  return `**Evidence** (line numbers of the log; ${rule})\n\n${fencedBlock(text)}`;
}

function attempts(remediation: Remediation, { maxAttempts, codeRunPhase }: CommentView): string {
  const { attempts: all, attemptsBefore } = remediation;
  if (all.length === 0) return '';
  const shown = all.slice(-MAX_ROWS);
  const rows = shown.map((attempt) => {
    const cells = [
      `${attempt.number} of ${maxAttempts}`,
      nameOf(attempt.agent),
      attemptWord(attempt, codeRunPhase).label,
      commit(attempt),
      stillRed(attempt),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const notes = [
    all.length > shown.length ? `${all.length - shown.length} earlier ones are not shown.` : '',
    attemptsBefore > 0 ? `Spent on this breakage before: ${plural(attemptsBefore, 'attempt')}.` : '',
  ].filter((note) => note !== '');
  return [
    '| Attempt | Agent | Outcome | Commit | Still red |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    ...(notes.length > 0 ? ['', notes.join(' ')] : []),
  ].join('\n');
}

/** What the review of the latest change found; people judge it, unless it was refused. */
function concerns({ attempts }: Remediation): string {
  const found = attempts.findLast((attempt) => attempt.concerns !== undefined)?.concerns ?? [];
  if (found.length === 0) return '';
  const lines = found.slice(0, MAX_CONCERNS).map(({ severity, sentence }) => {
    const sign = severity === 'refuse' ? '**Refused:** ' : '';
    return `- ${sign}${markdownText(cleanLine(sentence, 300))}`;
  });
  const more = found.length > lines.length ? [`- and ${found.length - lines.length} more`] : [];
  return `**To look at in the change**\n\n${[...lines, ...more].join('\n')}`;
}

function commit(attempt: Attempt): string {
  const sha = attempt.report?.commitSha ?? null;
  return sha === null ? '–' : shortSha(sha);
}

function stillRed(attempt: Attempt): string {
  if (attempt.outcome === 'success') return 'nothing';
  if (attempt.stillRed.length === 0) return '–';
  const names = attempt.stillRed.slice(0, MAX_CHECKS).map((name) => codeCell(cleanLine(name)));
  const more = attempt.stillRed.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** What people who take over want to know first: how each attempt ended and what its agent said. */
function whatWasTried(remediation: Remediation): string {
  if (remediation.attempts.length === 0) return '';
  const tried = remediation.attempts.slice(-MAX_ROWS).map((attempt) => {
    const ended = attempt.detail === null ? '' : `: ${markdownText(cleanLine(attempt.detail, 600))}`;
    const said = attempt.report === null ? '' : `\n\n  ${indent(fencedBlock(summaryOf(attempt.report.summary)))}`;
    return `- Attempt ${attempt.number}, ${nameOf(attempt.agent)}${ended}${said}`;
  });
  return `**What was tried**\n\n${tried.join('\n')}`;
}

const MAX_PLACES = 8;

/** Where people who take over begin: what is red, or else what reported it, and the lines that the evidence names. */
function whereToLook({ failedChecks, kind, url }: Remediation, { classification }: CommentView): string {
  const checks = failedChecks
    .filter((check) => check.url !== null)
    .slice(0, MAX_CHECKS)
    .map((check) => `- ${link(codeSpan(cleanLine(check.name)), check.url)}${steps(check.failedSteps)}`);
  const reporter = checks.length === 0 && url !== null ? [`- ${link(REPORTERS[kind], url)}`] : [];
  const lines = classification === null ? [] : locationsOf(classification, MAX_PLACES);
  const places = [...checks, ...reporter, ...lines.map(({ path, line }) => `- ${codeSpan(path)}, line ${line}`)];
  return places.length === 0 ? '' : `**Where to look**\n\n${places.join('\n')}`;
}

function steps(failed: readonly string[]): string {
  if (failed.length === 0) return '';
  return `, step ${failed
    .slice(0, 3)
    .map((name) => codeSpan(cleanLine(name)))
    .join(', ')}`;
}

function summaryOf(text: string): string {
  const clean = text.split('\n').map(codeLine).join('\n').trim();
  return clean.length <= MAX_SUMMARY ? clean : `${clean.slice(0, MAX_SUMMARY).toWellFormed()}…`;
}

function indent(text: string): string {
  return text.replace(/\n(?!\n)/g, '\n  ');
}

function commands(hints: readonly CommandHint[]): string {
  if (hints.length === 0) return '';
  const lines = hints.map((hint) => `- ${codeSpan(hint.type)}: ${hint.does}`);
  return `**What you can type**\n\n${lines.join('\n')}`;
}

function footer(remediation: Remediation, view: CommentView): string {
  const run = remediation.attempts.at(-1)?.codeRunName ?? null;
  const parts = [
    link('details', view.pageUrl),
    `task ${codeSpan(remediation.taskId)}`,
    ...(run === null ? [] : [`CodeRun ${codeSpan(run)}`]),
    ...(remediation.agent === null ? [] : [`agent ${nameOf(remediation.agent)}`]),
    ...(view.traceId === undefined ? [] : [`trace ${codeSpan(view.traceId)}`]),
  ].filter((part) => part !== 'details');
  return `<sub>${parts.join(' · ')}</sub>`;
}

function nameOf(agent: string): string {
  return markdownText(agentName(cleanLine(agent, 40)));
}

/** A line of code or log: cleaned and cut, its spaces kept. */
function codeLine(text: string): string {
  const line = cleanText(text).replaceAll('\n', ' ').trimEnd();
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE).toWellFormed()}…`;
}

function shortSha(sha: string): string {
  return codeSpan(sha.replace(/[^0-9A-Za-z]/g, '').slice(0, 8) || 'unknown');
}
