import { isTerminal, type Remediation } from '../../model/remediation.ts';
import { agentName, attemptWord, failureTitle, happening, plural } from '../words.ts';
import { type Html, html } from './html.ts';
import { ago, capital, phaseBadge } from './parts.ts';

/** Remediations, one a row: state, what broke and where, who is at it, how often it was tried. */
export function remediationTable(remediations: readonly Remediation[], now: number): Html {
  return html`<div class="scroll"><table class="list remediations">
<thead><tr><th scope="col">State</th><th scope="col">What broke</th><th scope="col">Agent</th><th scope="col">Attempts</th><th scope="col">Changed</th></tr></thead>
<tbody>${remediations.map((remediation) => row(remediation, now))}</tbody></table></div>`;
}

function row(remediation: Remediation, now: number): Html {
  const { id, taskId, repository, branch, pullRequest, attempts, updatedAt } = remediation;
  return html`<tr>
<td class="state">${phaseBadge(remediation)}</td>
<td class="what"><a href="/remediations/${id}">${whatBroke(remediation)}</a>
<span class="where"><b>${repository}</b> ${branch}${pullRequest === null ? '' : ` · #${pullRequest}`} · ${taskId}</span>
${isTerminal(remediation.phase) ? '' : html`<span class="happening">${happening(remediation, null).text}</span>`}</td>
<td data-label="Agent">${remediation.agent === null ? '–' : agentName(remediation.agent)}</td>
<td data-label="Attempts">${attemptDots(attempts)}</td>
<td data-label="Changed">${ago(updatedAt, now)}</td></tr>`;
}

export function whatBroke(remediation: Remediation): string {
  return remediation.failureType === null ? 'Not classified yet' : capital(failureTitle(remediation));
}

function attemptDots(attempts: Remediation['attempts']): Html {
  if (attempts.length === 0) return html`–`;
  const words = attempts.map((attempt) => attemptWord(attempt, null));
  return html`<span class="dots" aria-hidden="true">${words.map(({ tone }) => html`<i class="${tone}"></i>`)}</span>
<span class="small">${plural(attempts.length, 'attempt')}, last ${words.at(-1)?.label}</span>`;
}
