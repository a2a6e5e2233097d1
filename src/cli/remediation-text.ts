import { FAILURE_TYPES, isFailureType } from '../model/failure-type.ts';
import type { DetailView, SummaryView } from '../report/api/views.ts';
import { agentName, duration, OUTCOME_WORDS, PHASE_WORDS } from '../report/words.ts';
import { cleanText } from '../safety/clean.ts';
import { ago, pairs, plain, type Style, table } from './output.ts';

/** Many remediations, one a line. */
export function listText(remediations: readonly SummaryView[], style: Style, now: number, width?: number): string {
  if (remediations.length === 0) return 'No remediation matches.\n';
  const rows = remediations.map((entry) => [
    entry.task_id,
    phaseText(entry, style),
    plain(entry.repository),
    plain(entry.branch),
    entry.failure_type ?? '–',
    plain(entry.agent),
    String(entry.attempts),
    ago(entry.updated_at, now),
  ]);
  return table(['TASK', 'STATE', 'REPOSITORY', 'BRANCH', 'FAILURE', 'AGENT', 'TRIES', 'CHANGED'], rows, style, width);
}

export function phaseText({ phase }: Pick<SummaryView, 'phase'>, style: Style): string {
  const { label, tone } = PHASE_WORDS[phase];
  return style.tone(tone, label);
}

/** One remediation as a person reads it: what, why, what was tried, what happened. */
export function detailText(remediation: DetailView, style: Style, now: number, width?: number): string {
  return [
    `${style.bold(remediation.task_id)}  ${phaseText(remediation, style)}  ${titleOf(remediation)}\n`,
    remediation.reason === null
      ? ''
      : `${plain(remediation.reason.detail, 600)} ${style.dim(remediation.reason.code)}\n`,
    `\n${pairs(facts(remediation, now), style)}`,
    evidenceText(remediation, style),
    attemptsText(remediation, style, width),
    timelineText(remediation, style),
  ].join('');
}

function titleOf({ failure_type: type }: DetailView): string {
  return type !== null && isFailureType(type) ? FAILURE_TYPES[type].title : 'not classified yet';
}

function facts(remediation: DetailView, now: number): readonly (readonly [string, string])[] {
  const { confidence, pull_request: pullRequest, ended_at: endedAt, created_at: createdAt, guidance } = remediation;
  const sure = confidence === null ? '' : `, ${Math.round(confidence * 100)} % sure`;
  return [
    [
      'where',
      `${plain(remediation.repository)} ${plain(remediation.branch)}${pullRequest === null ? '' : ` #${pullRequest}`}`,
    ],
    ['red', remediation.failed_checks.map((check) => plain(check.name)).join(', ') || '–'],
    [
      'agent',
      remediation.agent === null
        ? '–'
        : `${agentName(plain(remediation.agent))} (rule ${plain(remediation.rule)}${sure})`,
    ],
    ['target', plain(remediation.target_branch)],
    [
      'coderun',
      `${remediation.coderun_name ?? '–'}${remediation.coderun_phase === null ? '' : ` (${plain(remediation.coderun_phase)})`}`,
    ],
    [
      'opened',
      `${ago(createdAt, now)}${endedAt === null ? '' : `, took ${duration(Date.parse(endedAt) - Date.parse(createdAt))}`}`,
    ],
    ...(guidance === null
      ? []
      : [['guidance', `${plain(guidance.text, 600)} (${guidance.mode}, ${plain(guidance.by)})`] as const]),
    ['run', plain(remediation.url)],
  ];
}

const MAX_EVIDENCE = 5;

function evidenceText({ evidence }: DetailView, style: Style): string {
  if (evidence === null) return '';
  const lines = evidence.classification.evidence.slice(0, MAX_EVIDENCE);
  const width = Math.max(0, ...lines.map(({ line }) => String(line).length));
  const text = lines.map(({ line, text: words }) => `  ${style.dim(String(line).padStart(width))}  ${plain(words)}\n`);
  const why = plain(evidence.classification.reason, 600);
  return `\n${style.bold('Evidence')}  ${why}\n${text.join('')}`;
}

function attemptsText({ attempts }: DetailView, style: Style, width?: number): string {
  if (attempts.length === 0) return '';
  const rows = attempts.map((attempt) => [
    String(attempt.number),
    agentName(plain(attempt.agent)),
    outcomeText(attempt, style),
    attempt.report?.commit_sha?.slice(0, 8) ?? '–',
    attempt.coderun_name ?? '–',
    plain(attempt.detail),
  ]);
  return `\n${table(['TRY', 'AGENT', 'OUTCOME', 'COMMIT', 'CODERUN', 'WHY'], rows, style, width)}`;
}

function outcomeText({ outcome }: DetailView['attempts'][number], style: Style): string {
  if (outcome === null) return style.tone('busy', 'under way');
  const { label, tone } = OUTCOME_WORDS[outcome];
  return style.tone(tone, label);
}

function timelineText({ timeline }: DetailView, style: Style): string {
  const lines = timeline.map(
    ({ at, message }) => `  ${style.dim(at.slice(0, 19).replace('T', ' '))}  ${plain(message, 600)}\n`,
  );
  return lines.length === 0 ? '' : `\n${style.bold('Timeline')}  ${style.dim('UTC')}\n${lines.join('')}`;
}

/** The prompt as it is, without what a terminal would obey. */
export function promptText({ prompt }: DetailView): string {
  return prompt === null ? 'No agent has been asked yet.\n' : `${cleanText(prompt).trimEnd()}\n`;
}
