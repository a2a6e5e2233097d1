import type { Classification } from '../../model/evidence.ts';
import type { Remediation, TimelineEntry } from '../../model/remediation.ts';
import type { StoredBrief } from '../../store/briefs.ts';
import type { ListedDelivery } from '../../store/delivery-list.ts';
import { agentName, attemptWord, duration, failureTitle, happening, PHASE_WORDS } from '../words.ts';
import { actionsView } from './actions.ts';
import { attemptCards, codeRunLink } from './attempts.ts';
import type { Visitor } from './browser-access.ts';
import { deliveryTable } from './deliveries-page.ts';
import { excerptView } from './excerpt.ts';
import { type Html, html, type Part } from './html.ts';
import { lifePicture } from './life.ts';
import { lifeDrawing } from './life-svg.ts';
import {
  ago,
  badge,
  clockTime,
  code,
  commitUrl,
  externalLink,
  factList,
  phaseBadge,
  pullRequestUrl,
  shortSha,
} from './parts.ts';

export interface RemediationData {
  readonly remediation: Remediation;
  readonly timeline: readonly TimelineEntry[];
  /** Of the attempt that is looked at; null until evidence was gathered. */
  readonly brief: StoredBrief | null;
  /** Ordinals of attempts that have a brief. */
  readonly briefed: ReadonlySet<number>;
  readonly now: number;
  /** The engine's word for the latest CodeRun; null when it is not known. */
  readonly codeRunPhase: string | null;
  readonly hasCodeRunPages: boolean;
  /** The end of what the agent of the latest attempt wrote; null when there is nothing. */
  readonly output: string | null;
  /** What arrived about it, newest first. */
  readonly deliveries: readonly ListedDelivery[];
  /** What works in a terminal: command and what it does. */
  readonly commands: readonly { readonly type: string; readonly does: string }[];
  readonly visitor: Visitor;
  readonly formToken: string;
}

/** One remediation: what is broken, what is happening, why, what was tried, and what a person can do. */
export function remediationPage(data: RemediationData): Html {
  const { remediation, timeline, brief, now, codeRunPhase } = data;
  const attempts = { ...data, shown: brief?.ordinal ?? null };
  return html`<p class="crumbs"><a href="/remediations">Remediations</a> / ${remediation.taskId}</p>
<div id="head" data-live><h1>${titleOf(remediation)}</h1>
<p class="subtitle">${where(remediation)}</p></div>
<div id="state" data-live>${state(remediation, timeline, codeRunPhase, now)}</div>
<div class="columns life-columns">
<section class="acts" aria-labelledby="actions-title"><h2 id="actions-title">What you can do</h2><div id="actions" class="actions" data-live>${actionsView(remediation, data.visitor, data.formToken)}</div></section>
<div class="story">
<section aria-labelledby="attempts-title"><h2 id="attempts-title">Attempts</h2>
<div id="attempts" data-live>${attemptCards(attempts)}</div></section>
<section aria-labelledby="evidence-title"><h2 id="evidence-title">Evidence</h2>
<div id="evidence" data-live>${evidence(brief)}</div></section>
<section aria-labelledby="timeline-title"><h2 id="timeline-title">Timeline</h2>
<div id="timeline" data-live>${timelineView(timeline)}</div></section>
<section aria-labelledby="prompt-title"><h2 id="prompt-title">Prompt and output</h2>
<div id="prompt" data-live>${promptView(brief)}${outputView(remediation, data.output)}</div></section>
${arrivals(data.deliveries, now)}
</div>
<aside class="more" aria-label="Decision and details">
<section aria-labelledby="decision-title"><h2 id="decision-title">Decision</h2><div id="decision" data-live>${decision(remediation, brief)}</div></section>
<section aria-labelledby="red-title"><h2 id="red-title">Red at the start</h2><div id="red" data-live>${redChecks(remediation)}</div></section>
<section aria-labelledby="facts-title"><h2 id="facts-title">Details</h2><div id="facts" data-live>${facts(data)}</div></section>
<div id="commands" data-live>${commandsView(data.commands)}</div>
</aside></div>`;
}

export function titleOf(remediation: Remediation): string {
  const verb = remediation.phase === 'succeeded' ? 'was' : 'is';
  const what = REPORTERS[remediation.kind];
  if (what !== null) return remediation.failureType === null ? what : `${what}: ${failureTitle(remediation)}`;
  return remediation.failureType === null ? `CI ${verb} red` : `CI ${verb} red because of ${failureTitle(remediation)}`;
}

/** What asks for a repair when it is not red CI. */
const REPORTERS: Readonly<Record<Remediation['kind'], string | null>> = {
  ci: null,
  sec: 'A security alert',
  review: 'A review asks for changes',
  play: 'A play failed',
  alert: 'A platform alert',
};

function where(remediation: Remediation): Html {
  const { repository, branch, headSha, pullRequest, url, workflowName } = remediation;
  const commit =
    headSha === '' ? '' : html` · ${externalLink(commitUrl(remediation, headSha), code(shortSha(headSha)))}`;
  return html`<a href="/remediations?repo=${encodeURIComponent(repository)}">${repository}</a> · ${branch}${commit}${
    pullRequest === null ? '' : html` · ${externalLink(pullRequestUrl(remediation), `pull request #${pullRequest}`)}`
  } · ${externalLink(url, workflowName === null ? 'the run' : `run of ${workflowName}`)}`;
}

function state(
  remediation: Remediation,
  timeline: readonly TimelineEntry[],
  codeRunPhase: string | null,
  now: number,
): Html {
  const { text, detail } = happening(remediation, codeRunPhase);
  const { tone } = PHASE_WORDS[remediation.phase];
  return html`<div class="state-line ${tone}">${phaseBadge(remediation)}
<p>${text}${detail === null ? '' : ` ${detail}`}${
    remediation.reason === null ? '' : html` <code class="code">${remediation.reason.code}</code>`
  }</p></div>
<div class="life-picture">${lifeDrawing(remediation, timeline, now)}</div>
${lifePicture(remediation, timeline, now)}`;
}

function evidence(brief: StoredBrief | null): Html {
  if (brief === null)
    return html`<p class="empty">Evidence is gathered before the first attempt; there is none yet.</p>`;
  return html`${decidingLines(brief.classification)}${excerptView(brief.classification)}
<h3>Where Healer looked</h3>
<ul class="sources" role="list">${brief.findings.map(
    (finding) => html`<li>${badge(SOURCE_WORDS[finding.status] ?? { label: finding.status, tone: 'quiet' })}
<span><strong>${finding.source}</strong> ${finding.summary}${finding.truncated ? ' (cut to its budget)' : ''}
<span class="muted small">${milliseconds(finding.durationMs)}${finding.url === null ? '' : html` · ${externalLink(finding.url, 'open')}`}</span></span></li>`,
  )}</ul>
${brief.cuts.length === 0 ? '' : html`<p class="muted small">Left out of the prompt: ${brief.cuts.join(' ')}</p>`}`;
}

/** As many lines say why; the excerpt below marks them all. */
const DECIDING_SHOWN = 5;

/** The lines that decided, strongest first, before the excerpt that shows them where they stood. */
function decidingLines({ evidence: lines }: Classification): Html {
  if (lines.length === 0) return html``;
  return html`<ol class="evidence">${lines
    .slice(0, DECIDING_SHOWN)
    .map(
      ({ line, text, rule }) =>
        html`<li><span class="at">line ${line}</span> <code>${text}</code> <span class="muted small">${rule}</span></li>`,
    )}</ol>`;
}

const SOURCE_WORDS = {
  found: { label: 'found', tone: 'good' },
  empty: { label: 'nothing there', tone: 'quiet' },
  failed: { label: 'failed', tone: 'bad' },
  timed_out: { label: 'too slow', tone: 'waiting' },
  not_configured: { label: 'not configured', tone: 'quiet' },
  not_relevant: { label: 'not relevant', tone: 'quiet' },
} as const;

function milliseconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function timelineView(timeline: readonly TimelineEntry[]): Html {
  return html`<ol class="timeline">${timeline.map(
    ({ at, phase, event, message }) =>
      html`<li class="${PHASE_WORDS[phase].tone}">${clockTime(at)}<span>${message} <code class="code">${event}</code></span></li>`,
  )}</ol>`;
}

function promptView(brief: StoredBrief | null): Html {
  if (brief === null) return html`<p class="empty">No agent has been asked yet.</p>`;
  return html`<details id="prompt-text"><summary>What the agent was told (${brief.template})</summary>
<pre class="prompt" tabindex="0">${brief.prompt}</pre></details>`;
}

function outputView({ attempts }: Remediation, output: string | null): Html {
  const agent = attempts.at(-1)?.agent;
  if (agent === undefined || output === null || output === '') return html``;
  return html`<details id="output-text"><summary>What ${agentName(agent)} wrote last</summary>
<pre class="prompt" tabindex="0">${output}</pre></details>`;
}

/** What arrived about it. */
function arrivals(deliveries: readonly ListedDelivery[], now: number): Html {
  return html`<section aria-labelledby="arrivals-title"><h2 id="arrivals-title">Deliveries that led here</h2>
<div id="arrivals" data-live>${deliveries.length === 0 ? html`<p class="muted">None is kept.</p>` : deliveryTable(deliveries, now)}</div></section>`;
}

function decision(remediation: Remediation, brief: StoredBrief | null): Html {
  const { agent, failureType, confidence, rule, pinnedAgent } = remediation;
  if (agent === null || failureType === null) return html`<p class="muted">Not decided yet.</p>`;
  return html`<p><strong>${agentName(agent)}</strong> repairs <code>${failureType}</code>.</p>
${brief === null ? '' : html`<p>${brief.classification.reason}</p>`}
${factList([
  ['Rule', rule === null ? '–' : code(rule)],
  ['Confidence', confidence === null ? '–' : `${Math.round(confidence * 100)} %`],
  ...(pinnedAgent === null ? [] : ([['Asked for', agentName(pinnedAgent)]] as const)),
])}`;
}

function redChecks({ failedChecks }: Remediation): Html {
  if (failedChecks.length === 0) return html`<p class="muted">No check is known by name yet.</p>`;
  return html`<ul class="checks" role="list">${failedChecks.map(
    (check) =>
      html`<li>${externalLink(check.url, check.name)}${
        check.failedSteps.length === 0
          ? ''
          : html`<span class="muted small">step ${check.failedSteps.join(', ')}</span>`
      }</li>`,
  )}</ul>`;
}

function facts({ remediation, codeRunPhase, now, hasCodeRunPages }: RemediationData): Html {
  const { targetBranch, wakeAt, createdAt, endedAt, attempts, attemptsBefore, guidance, approvedBy } = remediation;
  const last = attempts.at(-1);
  return factList([
    ['Opened', ago(createdAt, now)],
    [endedAt === null ? 'Under way for' : 'Took', duration((endedAt ?? now) - createdAt)],
    ['Target branch', targetBranch === null ? '–' : code(targetBranch)],
    [
      'CodeRun',
      last?.codeRunName
        ? html`${codeRunLink(last.codeRunName, hasCodeRunPages)} ${attemptWord(last, codeRunPhase).label}`
        : '–',
    ],
    ...(wakeAt === null
      ? []
      : ([['Looks again', wakeAt <= now ? 'now' : `in ${duration(wakeAt - now)} at the latest`]] as const)),
    ...(attemptsBefore === 0 ? [] : ([['Spent before', `${attemptsBefore} of this breakage`]] as const)),
    ...(guidance === null
      ? []
      : ([
          ['Guidance', html`${guidance.text} <span class="muted small">${guidance.mode}, ${guidance.by}</span>`],
        ] as const)),
    ...(approvedBy === null ? [] : ([['Approved by', approvedBy]] as const)),
    ['Task id', code(remediation.taskId)],
    ['Remediation', code(remediation.id)],
    ...(remediation.fingerprint === null ? [] : ([['Fingerprint', code(shortSha(remediation.fingerprint))]] as const)),
  ]);
}

function commandsView(commands: RemediationData['commands']): Part {
  if (commands.length === 0) return '';
  return html`<section aria-labelledby="commands-title"><h2 id="commands-title">What you can type</h2>
<ul class="commands" role="list">${commands.map(({ type, does }) => html`<li><code class="typed">${type}</code><span class="muted small">${does}</span></li>`)}</ul></section>`;
}
