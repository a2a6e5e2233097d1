import type { Insights, Measure, RoutingCorrection } from '../../model/insights.ts';
import { agentName, plural } from '../words.ts';
import { type Html, html } from './html.ts';
import { isMet, span } from './measure-cards.ts';
import { badge, count, fullTime, money, percent } from './parts.ts';

export interface InsightsData {
  readonly insights: Insights;
  readonly days: number;
}

/** Spans that can be looked at, in days. */
export const SPANS = [7, 30, 90] as const;

/** How well repairs went, by whom and at what price, and which rules experience speaks against. */
export function insightsPage({ insights, days }: InsightsData): Html {
  return html`<h1>Insights</h1>
<p class="lead">What ended from ${fullTime(insights.since)} to ${fullTime(insights.until)}, and how well.</p>
<nav class="tabs" aria-label="Span of time">${SPANS.map((choice) => html`<a href="/insights?days=${choice}"${choice === days ? html` aria-current="true"` : ''}>${choice} days</a>`)}</nav>
<section aria-labelledby="targets-title"><h2 id="targets-title">Targets</h2><div id="targets" data-live>${targetTable(insights)}</div></section>
<div class="columns even">
<section aria-labelledby="agents-title"><h2 id="agents-title">Agents</h2><div id="agents" data-live>${agentTable(insights)}</div></section>
<section aria-labelledby="people-title"><h2 id="people-title">Why people were asked</h2><div id="people" data-live>${escalationBars(insights)}</div></section>
</div>
<section aria-labelledby="types-title"><h2 id="types-title">What broke</h2><div id="types" data-live>${typeTable(insights)}</div></section>
<section aria-labelledby="both-title"><h2 id="both-title">Who repairs what</h2><div id="both" data-live>${matrix(insights)}</div></section>
<section aria-labelledby="rules-title"><h2 id="rules-title">Rules to correct</h2><div id="corrections" data-live>${corrections(insights.corrections)}</div></section>`;
}

function share(measure: Measure): Html {
  return html`${percent(measure.value)} <span class="muted small">of ${count(measure.sample)}</span>`;
}

function targetTable({ targets, timeToFixP90, costPerFix, costPerMergedFix }: Insights): Html {
  const rows = [
    ['Routed to the right agent', targets.correctRouting, percent],
    ['Duplicates prevented', targets.duplicatesPrevented, percent],
    ['Time to green, half of them faster', targets.timeToFixP50, span],
    ['Fixed at the first attempt', targets.fixedAtFirstAttempt, percent],
    ['Fixed within three attempts', targets.fixedWithinThree, percent],
    ['Escalated to people', targets.escalated, percent],
    ['Deliveries lost', targets.deliveriesLost, (value: number | null) => (value === null ? '–' : String(value))],
  ] as const;
  return html`<div class="scroll" role="region" aria-label="Targets" tabindex="0"><table class="list figures">
<thead><tr><th scope="col">Measure</th><th scope="col">Is</th><th scope="col">Target</th><th scope="col">Taken from</th><th scope="col">Verdict</th></tr></thead>
<tbody>${rows.map(([name, measure, show]) => {
    const verdict =
      measure.value === null
        ? ({ label: 'nothing yet', tone: 'quiet' } as const)
        : isMet(measure)
          ? ({ label: 'on target', tone: 'good' } as const)
          : ({ label: 'off target', tone: 'bad' } as const);
    return html`<tr><th scope="row">${name}</th><td>${show(measure.value)}</td><td>${measure.target === 0 || measure.target === 1 ? '' : measure.better === 'above' ? '> ' : '< '}${show(measure.target)}</td><td>${count(measure.sample)}</td><td>${badge(verdict)}</td></tr>`;
  })}
<tr><th scope="row">Time to green, nine of ten faster</th><td>${span(timeToFixP90.value)}</td><td>–</td><td>${count(timeToFixP90.sample)}</td><td></td></tr>
<tr><th scope="row">Cost of a fix</th><td>${money(costPerFix.value)}</td><td>–</td><td>${count(costPerFix.sample)}</td><td class="muted small">${money(costPerFix.total)} in all${costPerFix.attemptsWithoutCost === 0 ? '' : `; ${plural(costPerFix.attemptsWithoutCost, 'attempt')} told no cost`}</td></tr>
<tr><th scope="row">Cost of a merged fix</th><td>${money(costPerMergedFix.value)}</td><td>–</td><td>${count(costPerMergedFix.sample)}</td><td class="muted small">${costPerMergedFix.sample === 0 ? 'nothing merged that GitHub told of' : 'repairs that people merged'}</td></tr>
</tbody></table></div>`;
}

const NOTHING = html`<p class="empty">Nothing has ended in this time.</p>`;

function agentTable({ byAgent }: Insights): Html {
  if (byAgent.length === 0) return NOTHING;
  return html`<div class="scroll" role="region" aria-label="Agents" tabindex="0"><table class="list figures">
<thead><tr><th scope="col">Agent</th><th scope="col">Attempts that held</th><th scope="col">First attempts</th><th scope="col">Cost</th></tr></thead>
<tbody>${byAgent.map(({ agent, success, firstAttempt, cost }) => html`<tr><th scope="row"><a href="/remediations?agent=${agent}">${agentName(agent)}</a></th><td>${share(success)}</td><td>${share(firstAttempt)}</td><td>${money(cost)}</td></tr>`)}</tbody></table></div>`;
}

function escalationBars({ escalations }: Insights): Html {
  if (escalations.length === 0) return html`<p class="empty">Nobody had to be asked.</p>`;
  const most = Math.max(...escalations.map(({ count: n }) => n));
  return html`<ul class="bars" role="list">${escalations.map(
    ({ reason, count: n }) => html`<li><span><code>${reason}</code></span>
<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="6" rx="3"/><rect class="bar bad" width="${Math.round((n / most) * 1_000) / 10}" height="6" rx="3"/></svg>
<strong>${count(n)}</strong></li>`,
  )}</ul>`;
}

function typeTable({ byFailureType }: Insights): Html {
  if (byFailureType.length === 0) return NOTHING;
  return html`<div class="scroll" role="region" aria-label="Failure types" tabindex="0"><table class="list figures">
<thead><tr><th scope="col">Failure type</th><th scope="col">Fixed at first attempt</th><th scope="col">Within three</th><th scope="col">Escalated</th></tr></thead>
<tbody>${byFailureType.map((type) => html`<tr><th scope="row"><a href="/remediations?failure_type=${type.failureType}"><code>${type.failureType}</code></a></th><td>${share(type.fixedAtFirstAttempt)}</td><td>${share(type.fixedWithinThree)}</td><td>${share(type.escalated)}</td></tr>`)}</tbody></table></div>`;
}

/** Agents beside failure types; the shade says how much held, the figure says it too. */
function matrix({ byAgentAndFailureType: both }: Insights): Html {
  if (both.length === 0) return NOTHING;
  const agents = [...new Set(both.map(({ agent }) => agent))].toSorted();
  const types = [...new Set(both.map(({ failureType }) => failureType))].toSorted();
  const of = new Map(both.map((cell) => [`${cell.agent} ${cell.failureType}`, cell.success]));
  return html`<div class="scroll" role="region" aria-label="Agents by failure type" tabindex="0"><table class="list figures matrix">
<thead><tr><th scope="col">Failure type</th>${agents.map((agent) => html`<th scope="col">${agentName(agent)}</th>`)}</tr></thead>
<tbody>${types.map((type) => html`<tr><th scope="row"><code>${type}</code></th>${agents.map((agent) => cell(of.get(`${agent} ${type}`)))}</tr>`)}</tbody></table></div>`;
}

function cell(success: Measure | undefined): Html {
  if (success === undefined || success.value === null) return html`<td class="muted">–</td>`;
  const shade = success.value >= 0.8 ? 'good' : success.value >= 0.5 ? 'waiting' : 'bad';
  return html`<td><span class="cell ${shade}">${percent(success.value)}</span> <span class="muted small">of ${count(success.sample)}</span></td>`;
}

function corrections(all: readonly RoutingCorrection[]): Html {
  if (all.length === 0)
    return html`<p class="muted">Experience speaks against no rule. Changes are proposed to people; nothing changes by itself.</p>`;
  return html`${all.map(
    ({ rule, failureType, from, to, evidence, yaml }) => html`<article class="panel">
<p>Rule <code>${rule}</code> sends <code>${failureType}</code> to <strong>${agentName(from)}</strong> (${share(evidence.from)} held); <strong>${agentName(to)}</strong> did better (${share(evidence.to)}).</p>
<pre class="prompt" tabindex="0">${yaml}</pre></article>`,
  )}`;
}
