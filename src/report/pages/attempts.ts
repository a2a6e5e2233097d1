import type { Attempt, Remediation } from '../../model/remediation.ts';
import { agentName, attemptWord, duration } from '../words.ts';
import { type Html, html, type Part } from './html.ts';
import { badge, code, commitUrl, externalLink, factList, money, shortSha } from './parts.ts';

export interface AttemptsView {
  readonly remediation: Remediation;
  /** The engine's word for the latest CodeRun. */
  readonly codeRunPhase: string | null;
  readonly now: number;
  /** Ordinals of attempts whose evidence and prompt can be shown. */
  readonly briefed: ReadonlySet<number>;
  /** The one whose evidence and prompt are shown. */
  readonly shown: number | null;
  /** There is a page of its own for each CodeRun. */
  readonly hasCodeRunPages: boolean;
}

/** The attempts side by side: who tried, how it ended, what stayed red, and what the agent said. */
export function attemptCards(view: AttemptsView): Html {
  const { attempts } = view.remediation;
  if (attempts.length === 0) return html`<p class="empty">No agent has been started.</p>`;
  return html`<ol class="attempts" role="list">${attempts.map((attempt) => card(attempt, view))}</ol>`;
}

function card(attempt: Attempt, view: AttemptsView): Html {
  const { remediation, now } = view;
  const { report, stillRed, concerns = [] } = attempt;
  const word = attemptWord(attempt, view.codeRunPhase);
  const time = duration((attempt.endedAt ?? now) - attempt.startedAt);
  const rows: readonly (readonly [string, Part])[] = [
    ['Commit', commitOf(attempt, remediation)],
    ...(stillRed.length === 0 ? [] : ([['Still red', stillRed.join(', ')]] as const)),
    ...(attempt.codeRunName === null
      ? []
      : ([['CodeRun', codeRunLink(attempt.codeRunName, view.hasCodeRunPages)]] as const)),
    ...(report?.pullRequestUrl ? ([['Pull request', externalLink(report.pullRequestUrl, 'open')]] as const) : []),
    ...(report?.usage ? ([['Cost', money(report.usage.costUsd)]] as const) : []),
  ];
  return html`<li class="${word.tone}"><h3>Attempt ${attempt.number} <span class="muted">${agentName(attempt.agent)}</span></h3>
<p>${badge(word)} <span class="muted small">${attempt.endedAt === null ? `for ${time}` : time}</span></p>
${attempt.detail === null ? '' : html`<p>${attempt.detail}</p>`}
${factList(rows)}
${concerns.length === 0 ? '' : html`<ul class="concerns">${concerns.map(({ severity, sentence }) => html`<li>${severity === 'refuse' ? html`<strong>Refused:</strong> ` : ''}${sentence}</li>`)}</ul>`}
${report === null ? '' : html`<figure class="said"><figcaption>${agentName(attempt.agent)} says “${report.status.replaceAll('_', ' ')}”</figcaption><blockquote>${report.summary}</blockquote></figure>`}
${briefLink(attempt, view)}</li>`;
}

/** Each attempt was told something else; the page shows one at a time. */
function briefLink({ ordinal }: Attempt, { briefed, shown, remediation }: AttemptsView): Html {
  if (!briefed.has(ordinal) || briefed.size < 2) return html``;
  return ordinal === shown
    ? html`<p class="small muted">Its evidence and prompt are shown below.</p>`
    : html`<p class="small"><a href="/remediations/${remediation.id}?attempt=${ordinal}#evidence-title">Its evidence and prompt</a></p>`;
}

export function codeRunLink(name: string, hasPages: boolean): Html {
  return hasPages ? html`<a href="/coderuns/${name}"><code>${name}</code></a>` : code(name);
}

function commitOf(attempt: Attempt, remediation: Remediation): Part {
  const sha = attempt.report?.commitSha ?? null;
  return sha === null ? '–' : externalLink(commitUrl(remediation, sha), code(shortSha(sha)));
}
