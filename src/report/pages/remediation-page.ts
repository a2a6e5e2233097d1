import type { Remediation, TimelineEntry } from '../../model/remediation.ts';
import type { StoredBrief } from '../../store/briefs.ts';
import { agentName, attemptWord, duration, failureTitle, happening, PHASE_WORDS } from '../words.ts';
import { attemptCards } from './attempts.ts';
import { excerptView } from './excerpt.ts';
import { type Html, html, type Part } from './html.ts';
import { lifePicture } from './life.ts';
import { ago, badge, clockTime, code, commitUrl, externalLink, phaseBadge, pullRequestUrl, shortSha } from './parts.ts';

export interface RemediationData {
  readonly remediation: Remediation;
  readonly timeline: readonly TimelineEntry[];
  /** Of the latest attempt; null until evidence was gathered. */
  readonly brief: StoredBrief | null;
  readonly now: number;
  /** The engine's word for the latest CodeRun; null when it is not known. */
  readonly codeRunPhase: string | null;
  /** What works in a terminal: command and what it does. */
  readonly commands: readonly { readonly type: string; readonly does: string }[];
}

/** One remediation: what is broken, what is happening, why, what was tried, and what a person can do. */
export function remediationPage(data: RemediationData): Html {
  const { remediation, timeline, brief, now, codeRunPhase } = data;
  return html`<p class="crumbs"><a href="/">Overview</a> / ${remediation.taskId}</p>
<h1>${titleOf(remediation)}</h1>
<p class="subtitle">${where(remediation)}</p>
<div id="state" data-live>${state(remediation, timeline, codeRunPhase, now)}</div>
<div class="columns"><div>
<section aria-labelledby="attempts-title"><h2 id="attempts-title">Attempts</h2>
<div id="attempts" data-live>${attemptCards(remediation, codeRunPhase, now)}</div></section>
<section aria-labelledby="evidence-title"><h2 id="evidence-title">Evidence</h2>
<div id="evidence" data-live>${evidence(brief)}</div></section>
<section aria-labelledby="timeline-title"><h2 id="timeline-title">Timeline</h2>
<div id="timeline" data-live>${timelineView(timeline)}</div></section>
<section aria-labelledby="prompt-title"><h2 id="prompt-title">Prompt</h2>
<div id="prompt" data-live>${promptView(brief)}</div></section>
</div>
<aside aria-label="Decision and details">
<section aria-labelledby="decision-title"><h2 id="decision-title">Decision</h2><div id="decision" data-live>${decision(remediation, brief)}</div></section>
<section aria-labelledby="red-title"><h2 id="red-title">Red at the start</h2><div id="red" data-live>${redChecks(remediation)}</div></section>
<section aria-labelledby="facts-title"><h2 id="facts-title">Details</h2><div id="facts" data-live>${facts(remediation, codeRunPhase, now)}</div></section>
${commandsView(data.commands)}
</aside></div>`;
}

export function titleOf(remediation: Remediation): string {
  const verb = remediation.phase === 'succeeded' ? 'was' : 'is';
  return remediation.failureType === null ? `CI ${verb} red` : `CI ${verb} red because of ${failureTitle(remediation)}`;
}

function where(remediation: Remediation): Html {
  const { repository, branch, headSha, pullRequest, url, workflowName } = remediation;
  return html`${repository} · ${branch} · ${externalLink(commitUrl(remediation, headSha), code(shortSha(headSha)))}${
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
${lifePicture(remediation, timeline, now)}`;
}

function evidence(brief: StoredBrief | null): Html {
  if (brief === null)
    return html`<p class="empty">Evidence is gathered before the first attempt; there is none yet.</p>`;
  return html`${excerptView(brief.classification)}
<h3>Where Healer looked</h3>
<ul class="sources" role="list">${brief.findings.map(
    (finding) => html`<li>${badge(SOURCE_WORDS[finding.status] ?? { label: finding.status, tone: 'quiet' })}
<span><strong>${finding.source}</strong> ${finding.summary}${finding.truncated ? ' (cut to its budget)' : ''}
<span class="muted small">${milliseconds(finding.durationMs)}${finding.url === null ? '' : html` · ${externalLink(finding.url, 'open')}`}</span></span></li>`,
  )}</ul>
${brief.cuts.length === 0 ? '' : html`<p class="muted small">Left out of the prompt: ${brief.cuts.join(' ')}</p>`}`;
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
  return html`<details id="prompt-text"><summary>What the agent of the latest attempt was told (${brief.template})</summary>
<pre class="prompt" tabindex="0">${brief.prompt}</pre></details>`;
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

function facts(remediation: Remediation, codeRunPhase: string | null, now: number): Html {
  const { targetBranch, wakeAt, createdAt, endedAt, attempts, attemptsBefore, guidance, approvedBy } = remediation;
  const last = attempts.at(-1);
  return factList([
    ['Opened', ago(createdAt, now)],
    [endedAt === null ? 'Under way for' : 'Took', duration((endedAt ?? now) - createdAt)],
    ['Target branch', targetBranch === null ? '–' : code(targetBranch)],
    ['CodeRun', last?.codeRunName ? html`${code(last.codeRunName)} ${attemptWord(last, codeRunPhase).label}` : '–'],
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

function factList(rows: readonly (readonly [string, Part])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function commandsView(commands: RemediationData['commands']): Part {
  if (commands.length === 0) return '';
  return html`<section aria-labelledby="commands-title"><h2 id="commands-title">What you can type</h2>
<ul class="commands" role="list">${commands.map(({ type, does }) => html`<li><code>${type}</code><span class="muted small">${does}</span></li>`)}</ul></section>`;
}
