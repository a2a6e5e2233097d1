import { isTerminal, PHASES, type Remediation } from '../../model/remediation.ts';
import type { ListedDelivery } from '../../store/delivery-list.ts';
import type { Budget, ServiceInfo } from '../api/deps.ts';
import type { State } from '../api/overview.ts';
import { duration, PHASE_WORDS } from '../words.ts';
import { meter } from './charts.ts';
import { deliveryTable } from './deliveries-page.ts';
import { type Html, html } from './html.ts';
import { formField, isLate, warnings } from './layout.ts';
import { measureCards, repairsChart } from './measure-cards.ts';
import type { Measures } from './measures.ts';
import { badge, money, textField } from './parts.ts';
import { remediationTable } from './remediation-table.ts';

export interface OverviewData {
  readonly state: State;
  readonly info: ServiceInfo;
  readonly measures: Measures;
  readonly budget: Budget | null;
  readonly live: readonly Remediation[];
  readonly ended: readonly Remediation[];
  readonly deliveries: readonly ListedDelivery[];
  readonly now: number;
  /** Null for readers who may not act. */
  readonly formToken: string | null;
}

/** The front page: what is being repaired, how well that goes, and whether Healer itself is well. */
export function overviewPage(data: OverviewData): Html {
  const { state, info, measures, now } = data;
  return html`<h1 class="sr">Overview</h1>
<div id="health" data-live>${warnings(state, info)}</div>
<section aria-labelledby="now-title"><h2 id="now-title">Under way</h2>
<div id="now" data-live>${livePhases(state)}</div>
<div id="live-list" data-live>${data.live.length === 0 ? '' : remediationTable(data.live, now)}${more(state, data.live.length)}</div></section>
<section aria-labelledby="measures-title"><h2 id="measures-title">How well it goes <span class="muted small">last seven days</span></h2>
<div id="measures" data-live>${measureCards(measures, now)}</div></section>
<div class="columns even">
<section aria-labelledby="chart-title"><h2 id="chart-title">Opened, by how they ended <span class="muted small">last fourteen days, UTC</span></h2>
<div id="chart" data-live class="panel">${repairsChart(measures.trends.repairs, now)}</div></section>
<section aria-labelledby="budget-title"><h2 id="budget-title">Spending and health</h2>
<div class="panel"><div id="budget" data-live>${budgetView(data.budget, now)}
${health(state)}</div>
${data.formToken === null ? '' : switches(state, data.formToken)}</div></section>
</div>
<section aria-labelledby="ended-title"><h2 id="ended-title">Ended lately</h2>
<div id="ended" data-live>${
    data.ended.length === 0
      ? html`<p class="empty">${data.live.length === 0 ? 'Nothing has broken yet. When CI goes red, it appears here' : 'Nothing has ended yet'}; <a href="/deliveries">deliveries</a> show what has arrived.</p>`
      : remediationTable(data.ended, now)
  }</div>
<p><a href="/remediations">All remediations</a></p></section>
<section aria-labelledby="deliveries-title"><h2 id="deliveries-title">Latest deliveries</h2>
<div id="deliveries" data-live>${deliveryTable(data.deliveries, now)}</div>
<p><a href="/deliveries">All deliveries and why</a></p></section>`;
}

function livePhases({ live }: State): Html {
  const phases = PHASES.filter((phase) => !isTerminal(phase));
  const total = totalOf(live);
  return html`<p class="lead">${total === 0 ? 'Nothing is being repaired right now.' : html`<strong>${total}</strong> ${total === 1 ? 'remediation is' : 'remediations are'} under way.`}</p>
<ul class="phases" role="list">${phases.map((phase) => {
    const count = live[phase] ?? 0;
    const { label, tone } = PHASE_WORDS[phase];
    return html`<li class="${count === 0 ? 'none' : tone}"><a href="/remediations?phase=${phase}"><span class="count">${count}</span> <span>${label}</span></a></li>`;
  })}</ul>`;
}

function totalOf(live: State['live']): number {
  return Object.values(live).reduce((sum, count) => sum + count, 0);
}

function more({ live }: State, shown: number): Html {
  const total = totalOf(live);
  return total > shown ? html`<p><a href="/remediations?phase=live">All ${total} under way</a></p>` : html``;
}

function budgetView(budget: Budget | null, now: number): Html {
  if (budget === null) return html``;
  const { running, maxRunning, attemptsToday, maxAttemptsPerDay, costTodayUsd, maxCostUsdPerDay, breaker } = budget;
  const row = (name: string, used: string, limit: string | null, bar: Html): Html =>
    html`<div><dt>${name}</dt><dd><strong>${used}</strong>${limit === null ? '' : html` <span class="muted">of ${limit}</span>`}${bar}</dd></div>`;
  const held =
    breaker.state === 'open'
      ? `open${breaker.until === null ? '' : ` for ${duration(breaker.until - now)} more`}`
      : breaker.state === 'half_open'
        ? 'half open: one run at a time'
        : 'closed';
  return html`<dl class="budget">
${row('Agents at work', String(running), String(maxRunning), meter(running, maxRunning, `${running} of ${maxRunning} agents at work`))}
${row('Attempts today', String(attemptsToday), maxAttemptsPerDay === null ? null : String(maxAttemptsPerDay), meter(attemptsToday, maxAttemptsPerDay, 'Attempts begun today'))}
${row('Spent today', money(costTodayUsd), maxCostUsdPerDay === null ? null : money(maxCostUsdPerDay), meter(costTodayUsd, maxCostUsdPerDay, 'Money spent today'))}
<div><dt>Breaker</dt><dd>${badge({ label: held, tone: breaker.state === 'closed' ? 'good' : breaker.state === 'open' ? 'bad' : 'waiting' })}</dd></div>
</dl>`;
}

/** The readiness checks, well or not; what is not well also stands at the top of the page. */
function health({ checks, oldestUndecidedMs }: State): Html {
  const line = (isWell: boolean, name: string, detail: string): Html =>
    html`<li>${badge(isWell ? { label: 'well', tone: 'good' } : { label: 'not well', tone: 'bad' })}
<span><strong>${name}</strong> ${detail}</span></li>`;
  const waiting =
    oldestUndecidedMs === null
      ? 'none waits for a decision'
      : `the oldest has waited for ${duration(oldestUndecidedMs)}`;
  return html`<ul class="sources" role="list">${checks.map((check) => line(check.ok, check.name, check.detail))}
${line(!isLate(oldestUndecidedMs), 'deliveries', waiting)}</ul>`;
}

/** Stops and starts spending, everywhere or in one repository. */
function switches({ pauses }: State, token: string): Html {
  const isPaused = pauses.some(({ repository }) => repository === null);
  const button = (verb: 'pause' | 'resume', label: string, repository: string | null): Html =>
    html`<form method="post" action="/${verb}">${formField(token)}${
      repository === null ? '' : html`<input type="hidden" name="repository" value="${repository}">`
    }<button type="submit">${label}</button></form>`;
  return html`<div class="switches">
<div id="switches" data-live>${isPaused ? button('resume', 'Resume everywhere', null) : button('pause', 'Pause everywhere', null)}
${pauses.map(({ repository }) => (repository === null ? '' : button('resume', `Resume ${repository}`, repository)))}</div>
<details><summary>Pause one repository</summary><form class="inline" method="post" action="/pause">${formField(token)}${textField({ name: 'repository', label: 'Repository', value: '', placeholder: 'owner/name' })}<button type="submit">Pause it</button></form></details>
</div>`;
}
