import type { Remediation } from '../../model/remediation.ts';
import type { TaskRunTable } from '../../store/task-run-table.ts';
import type { CodeRunView } from '../api/task-schemas.ts';
import { agentName, CODERUN_TONES, duration, type Word } from '../words.ts';
import type { Visitor } from './browser-access.ts';
import { type Html, html, type Part } from './html.ts';
import { formField } from './layout.ts';
import { ago, badge, code, externalLink, factList, fullTime, money, shortSha } from './parts.ts';
import { whatBroke } from './remediation-table.ts';

export interface CodeRunsData {
  /** Remediations that an agent works for. */
  readonly working: readonly Remediation[];
  /** Runs that people or programs asked for themselves, newest first. */
  readonly tasks: readonly TaskRunTable[];
  readonly now: number;
}

/** Agents at work, and the tasks that people gave them. */
export function codeRunsPage({ working, tasks, now }: CodeRunsData): Html {
  return html`<h1>CodeRuns</h1>
<p class="lead">What agents are at, for remediations and for tasks of your own.</p>
<section aria-labelledby="working-title"><h2 id="working-title">At work for remediations</h2><div id="working" data-live>${workingTable(working, now)}</div></section>
<section aria-labelledby="tasks-title"><h2 id="tasks-title">Tasks of your own</h2><div id="tasks" data-live>${taskTable(tasks, now)}</div></section>`;
}

function workingTable(working: readonly Remediation[], now: number): Html {
  if (working.length === 0) return html`<p class="empty">No agent is at work for a remediation.</p>`;
  return html`<div class="scroll"><table class="list"><thead><tr><th scope="col">CodeRun</th><th scope="col">For</th><th scope="col">Agent</th><th scope="col">Begun</th></tr></thead>
<tbody>${working.map((remediation) => {
    const attempt = remediation.attempts.at(-1);
    const name = attempt?.codeRunName ?? null;
    return html`<tr><td class="what">${name === null ? html`<span class="muted">being prepared</span>` : html`<a href="/coderuns/${name}"><code>${name}</code></a>`}</td>
<td data-label="For"><a href="/remediations/${remediation.id}">${whatBroke(remediation)}</a><span class="where"><b>${remediation.repository}</b> ${remediation.branch} · ${remediation.taskId}</span></td>
<td data-label="Agent">${attempt === undefined ? '–' : agentName(attempt.agent)}</td>
<td data-label="Begun">${attempt === undefined ? '–' : ago(attempt.startedAt, now)}</td></tr>`;
  })}</tbody></table></div>`;
}

function taskTable(tasks: readonly TaskRunTable[], now: number): Html {
  if (tasks.length === 0)
    return html`<p class="empty">Nobody has given a task. <code>healer task submit</code>, the MCP server and <code>POST /api/coderuns</code> do.</p>`;
  return html`<div class="scroll"><table class="list"><thead><tr><th scope="col">State</th><th scope="col">Task</th><th scope="col">Attempt</th><th scope="col">Cost</th><th scope="col">Begun</th></tr></thead>
<tbody>${tasks.map(
    (task) => html`<tr><td class="state">${badge(taskWord(task))}</td>
<td class="what"><a href="/coderuns/${task.name}">${taskIdOf(task)}</a><span class="where"><b>${task.repository}</b> · ${task.name}</span>${task.detail === null ? '' : html`<span class="happening">${task.detail}</span>`}</td>
<td data-label="Attempt">${task.attempt}</td><td data-label="Cost">${task.cost_usd === 0 ? '–' : money(task.cost_usd)}</td>
<td data-label="Begun">${ago(task.created_at, now)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** What it was submitted as. */
function taskIdOf({ inputs: given, name }: TaskRunTable): string {
  const { task_id: id } = JSON.parse(given) as { task_id?: unknown };
  return typeof id === 'string' && id !== '' ? id : name;
}

function taskWord({ live, how }: TaskRunTable): Word {
  if (live === 1) return { label: 'under way', tone: 'busy' };
  return { label: how ?? 'ended', tone: how === 'succeeded' ? 'good' : how === 'cancelled' ? 'quiet' : 'bad' };
}

export interface CodeRunData {
  readonly codeRun: CodeRunView;
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly now: number;
}

/** One run of an agent: where it stands, what it was given, and what came of it. */
export function codeRunPage({ codeRun, visitor, formToken, now }: CodeRunData): Html {
  const { name, phase, message, remediation, result } = codeRun;
  return html`<p class="crumbs"><a href="/coderuns">CodeRuns</a> / ${name}</p>
<h1>${codeRun.task_id ?? name}</h1>
<div id="run" data-live><div class="state-line ${CODERUN_TONES[phase]}">${badge({ label: phase, tone: CODERUN_TONES[phase] })}<p>${message ?? ''}${codeRun.cancel_requested && codeRun.live ? ' It was asked to stop.' : ''}</p></div>
<div class="columns"><div>
${result === null ? '' : html`<figure class="said panel"><figcaption>The agent says “${result.status.replaceAll('_', ' ')}”</figcaption><blockquote>${result.summary}</blockquote></figure>`}
${inputs(codeRun)}
<h2>Output</h2>
${codeRun.output_tail === null || codeRun.output_tail === '' ? html`<p class="muted">Nothing was written yet.</p>` : html`<pre class="prompt" tabindex="0">${codeRun.output_tail}</pre>`}
</div><aside aria-label="Details"><h2>Details</h2>${details(codeRun, now)}
${remediation === null ? '' : html`<p><a href="/remediations/${remediation}">Its remediation, ${remediation}</a></p>`}
${codeRun.live && visitor.level === 'write' ? cancelForm(name, formToken) : ''}</aside></div></div>`;
}

function details(codeRun: CodeRunView, now: number): Html {
  const { started_at: started, finished_at: finished, usage, commit_sha: sha, pull_request_url: pull } = codeRun;
  const rows: readonly (readonly [string, Part])[] = [
    ['Asked for', fullTime(Date.parse(codeRun.created_at))],
    [
      'Ran for',
      started === null ? 'not begun' : duration((finished === null ? now : Date.parse(finished)) - Date.parse(started)),
    ],
    ['Kind', codeRun.run_type],
    ['Attempt', codeRun.attempt],
    ['Agent', codeRun.agent === null ? '–' : agentName(codeRun.agent)],
    ['Repository', codeRun.repository ?? '–'],
    ['Branch', codeRun.branch === null ? '–' : code(codeRun.branch)],
    ...(sha === null ? [] : ([['Commit', code(shortSha(sha))]] as const)),
    ...(pull === null ? [] : ([['Pull request', externalLink(pull, 'open')]] as const)),
    ...(usage === null ? [] : ([['Cost', money(usage.cost_usd)]] as const)),
    ...(codeRun.ended_as === null ? [] : ([['Ended as', codeRun.ended_as]] as const)),
    ['CodeRun', code(codeRun.name)],
  ];
  return factList(rows);
}

function inputs({ inputs: given }: CodeRunView): Html {
  if (given === null) return html``;
  return html`<details id="inputs"><summary>What it was given</summary><pre class="prompt" tabindex="0">${JSON.stringify(given, null, 2)}</pre></details>`;
}

function cancelForm(name: string, formToken: string): Html {
  return html`<div class="actions"><details id="cancel-form"><summary>Cancel it</summary><form method="post" action="/coderuns/${name}/cancel">${formField(formToken)}<p class="small">The agent is stopped; what it pushed stays.</p><button class="danger" type="submit">Yes, cancel it</button></form></details></div>`;
}
