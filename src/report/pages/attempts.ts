import type { Attempt, Remediation } from '../../model/remediation.ts';
import { agentName, attemptWord, duration } from '../words.ts';
import { type Html, html, type Part } from './html.ts';
import { badge, code, commitUrl, externalLink, shortSha } from './parts.ts';

/** The attempts side by side: who tried, how it ended, what stayed red, and what the agent said. */
export function attemptCards(remediation: Remediation, codeRunPhase: string | null, now: number): Html {
  const { attempts } = remediation;
  if (attempts.length === 0) return html`<p class="empty">No agent has been started.</p>`;
  return html`<ol class="attempts" role="list">${attempts.map((attempt) => card(attempt, remediation, codeRunPhase, now))}</ol>`;
}

function card(attempt: Attempt, remediation: Remediation, codeRunPhase: string | null, now: number): Html {
  const { report, stillRed } = attempt;
  const word = attemptWord(attempt, codeRunPhase);
  const time = duration((attempt.endedAt ?? now) - attempt.startedAt);
  return html`<li class="${word.tone}"><h3>Attempt ${attempt.number} <span class="muted">${agentName(attempt.agent)}</span></h3>
<p>${badge(word)} <span class="muted small">${attempt.endedAt === null ? `for ${time}` : time}</span></p>
${attempt.detail === null ? '' : html`<p>${attempt.detail}</p>`}
<dl class="facts">
${fact('Commit', commitOf(attempt, remediation))}
${stillRed.length === 0 ? '' : fact('Still red', stillRed.join(', '))}
${attempt.codeRunName === null ? '' : fact('CodeRun', code(attempt.codeRunName))}
${report?.pullRequestUrl ? fact('Pull request', externalLink(report.pullRequestUrl, 'open')) : ''}
${report?.usage ? fact('Cost', `$${report.usage.costUsd.toFixed(2)}`) : ''}
</dl>
${report === null ? '' : html`<figure class="said"><figcaption>${agentName(attempt.agent)} says “${report.status.replaceAll('_', ' ')}”</figcaption><blockquote>${report.summary}</blockquote></figure>`}</li>`;
}

function commitOf(attempt: Attempt, remediation: Remediation): Part {
  const sha = attempt.report?.commitSha ?? null;
  return sha === null ? '–' : externalLink(commitUrl(remediation, sha), code(shortSha(sha)));
}

function fact(name: string, value: Part): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
