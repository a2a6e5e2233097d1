import { FAILURE_TYPE_NAMES } from '../../model/failure-type.ts';
import { isTerminal, PHASES, type Remediation } from '../../model/remediation.ts';
import type { ListedDelivery } from '../../store/delivery-list.ts';
import type { ServiceInfo } from '../api/deps.ts';
import type { Overview } from '../api/overview.ts';
import { agentName, attemptWord, duration, failureTitle, happening, PHASE_WORDS, plural } from '../words.ts';
import { deliveryTable } from './deliveries-page.ts';
import { type Html, html } from './html.ts';
import { isLate, warnings } from './layout.ts';
import { ago, badge, pager, phaseBadge, select } from './parts.ts';

export interface OverviewData {
  readonly overview: Overview;
  readonly info: ServiceInfo;
  readonly remediations: readonly Remediation[];
  readonly nextCursor: string | null;
  readonly deliveries: readonly ListedDelivery[];
  /** The query as it was asked, without empty fields. */
  readonly query: Readonly<Record<string, string>>;
  readonly now: number;
}

/** The front page: what is being repaired, what became of the rest, and whether Healer itself is well. */
export function overviewPage(data: OverviewData): Html {
  const { overview, info, now } = data;
  return html`<h1 class="sr">Overview</h1>
<div id="health" data-live>${warnings(overview, info)}</div>
<section aria-labelledby="now-title"><h2 id="now-title">Under way</h2>
<div id="now" data-live>${livePhases(overview)}</div></section>
<section aria-labelledby="week-title"><h2 id="week-title">The last seven days</h2>
<div id="week" data-live>${week(overview)}</div></section>
<section aria-labelledby="list-title"><h2 id="list-title">Remediations</h2>
${filters(data.query)}
<div id="list" data-live>${remediationTable(data.remediations, Object.keys(data.query).length > 0, now)}
${pager('/', data.query, data.nextCursor)}</div></section>
<section aria-labelledby="deliveries-title"><h2 id="deliveries-title">Latest deliveries</h2>
<div id="deliveries" data-live>${deliveryTable(data.deliveries, now)}</div>
<p><a href="/deliveries">All deliveries and why</a></p></section>
<section aria-labelledby="checks-title"><h2 id="checks-title">Health</h2>
<div id="checks" data-live>${health(overview)}</div></section>`;
}

function livePhases({ live }: Overview): Html {
  const phases = PHASES.filter((phase) => !isTerminal(phase));
  const total = phases.reduce((sum, phase) => sum + (live[phase] ?? 0), 0);
  return html`<p class="lead">${total === 0 ? 'Nothing is being repaired right now.' : html`<strong>${total}</strong> ${total === 1 ? 'remediation is' : 'remediations are'} under way.`}</p>
<ul class="phases" role="list">${phases.map((phase) => {
    const count = live[phase] ?? 0;
    const { label, tone } = PHASE_WORDS[phase];
    return html`<li class="${count === 0 ? 'none' : tone}"><a href="/?phase=${phase}"><span class="count">${count}</span> <span>${label}</span></a></li>`;
  })}</ul>`;
}

function week({ results }: Overview): Html {
  const median = results.medianTimeToFix === null ? '–' : duration(results.medianTimeToFix);
  const figure = (value: string | number, label: string): Html =>
    html`<div class="figure"><dt>${label}</dt><dd>${value}</dd></div>`;
  return html`<dl class="figures">${figure(results.opened, 'opened')}${figure(results.succeeded, 'verified green')}${figure(
    results.escalated,
    'escalated to people',
  )}${figure(median, 'median time to green')}</dl>`;
}

/** The readiness checks, well or not; what is not well also stands at the top of the page. */
function health({ checks, oldestUndecidedMs }: Overview): Html {
  const line = (isWell: boolean, name: string, detail: string): Html =>
    html`<li>${badge(isWell ? { label: 'well', tone: 'good' } : { label: 'not well', tone: 'bad' })}
<span><strong>${name}</strong> ${detail}</span></li>`;
  const waiting =
    oldestUndecidedMs === null ? 'none waits for a decision' : `one has waited for ${duration(oldestUndecidedMs)}`;
  return html`<ul class="sources" role="list">${checks.map((check) => line(check.ok, check.name, check.detail))}
${line(!isLate(oldestUndecidedMs), 'deliveries', waiting)}</ul>`;
}

function filters(query: Readonly<Record<string, string>>): Html {
  const phases = [
    { value: 'live', label: 'All under way' },
    ...PHASES.map((phase) => ({ value: phase, label: PHASE_WORDS[phase].label })),
  ];
  const types = FAILURE_TYPE_NAMES.map((name) => ({ value: name, label: name }));
  const text = (name: string, label: string, placeholder: string): Html =>
    html`<label class="field"><span>${label}</span><input name="${name}" value="${query[name] ?? ''}" placeholder="${placeholder}" autocomplete="off"></label>`;
  return html`<form class="filters" method="get" action="/" role="search" aria-label="Filter remediations">
${select('phase', 'State', 'Any state', phases, query['phase'] ?? '')}
${text('repo', 'Repository', 'owner/name')}
${text('branch', 'Branch', 'any branch')}
${text('agent', 'Agent', 'any agent')}
${select('failure_type', 'Failure', 'Any failure', types, query['failure_type'] ?? '')}
<div class="buttons"><button type="submit">Filter</button>${Object.keys(query).length > 0 ? html`<a href="/">Clear</a>` : ''}</div>
</form>`;
}

function remediationTable(remediations: readonly Remediation[], isFiltered: boolean, now: number): Html {
  if (remediations.length === 0) {
    return isFiltered
      ? html`<p class="empty">No remediation matches. <a href="/">Show all</a>.</p>`
      : html`<p class="empty">Nothing has broken yet. When CI goes red, it appears here; <a href="/deliveries">deliveries</a> show what has arrived.</p>`;
  }
  return html`<div class="scroll"><table class="list">
<thead><tr><th scope="col">State</th><th scope="col">What broke</th><th scope="col">Agent</th><th scope="col">Attempts</th><th scope="col">Changed</th></tr></thead>
<tbody>${remediations.map((remediation) => row(remediation, now))}</tbody></table></div>`;
}

function row(remediation: Remediation, now: number): Html {
  const { id, taskId, repository, branch, pullRequest, attempts, updatedAt } = remediation;
  const title = remediation.failureType === null ? 'Not classified yet' : capital(failureTitle(remediation));
  return html`<tr>
<td class="state">${phaseBadge(remediation)}</td>
<td class="what"><a href="/remediations/${id}">${title}</a>
<span class="where">${repository} · ${branch}${pullRequest === null ? '' : ` · #${pullRequest}`} · ${taskId}</span>
<span class="happening">${happening(remediation, null).text}</span></td>
<td data-label="Agent">${remediation.agent === null ? '–' : agentName(remediation.agent)}</td>
<td data-label="Attempts">${attemptDots(attempts)}</td>
<td data-label="Changed">${ago(updatedAt, now)}</td></tr>`;
}

function attemptDots(attempts: Remediation['attempts']): Html {
  if (attempts.length === 0) return html`–`;
  const words = attempts.map((attempt) => attemptWord(attempt, null));
  return html`<span class="dots" aria-hidden="true">${words.map(({ tone }) => html`<i class="${tone}"></i>`)}</span>
<span class="small">${plural(attempts.length, 'attempt')}, last ${words.at(-1)?.label}</span>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
