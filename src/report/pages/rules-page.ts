import type { Classification } from '../../model/evidence.ts';
import type { LogToClassify, RuleView } from '../api/deps.ts';
import { agentName, plural } from '../words.ts';
import { excerptView } from './excerpt.ts';
import { type Html, html } from './html.ts';
import { formField } from './layout.ts';
import { code, factList, shortSha, textField } from './parts.ts';

export interface RulesData {
  readonly rules: readonly RuleView[];
  /** What was typed into the search. */
  readonly search: string;
  readonly asked: LogToClassify | null;
  readonly answer: Classification | null;
  readonly formToken: string;
}

/** The rules in force, and a box to see what they make of a log. */
export function rulesPage(data: RulesData): Html {
  return html`<h1>Rules</h1>
<p class="lead">Who repairs what, and why. Paste a log to see what would be decided; nothing comes of it.</p>
<div class="columns even">
<section aria-labelledby="try-title"><h2 id="try-title">Try a log</h2>${tryForm(data)}</section>
<section aria-labelledby="answer-title"><h2 id="answer-title">Decision</h2><div id="answer">${answer(data)}</div></section>
</div>
<section aria-labelledby="rules-title"><h2 id="rules-title">${plural(data.rules.length, 'rule')}</h2>${ruleList(data)}</section>`;
}

function tryForm({ asked, formToken }: RulesData): Html {
  return html`<form class="panel stacked" method="post" action="/rules">${formField(formToken)}
<div class="filters">${textField({ name: 'workflow', label: 'Workflow', value: asked?.workflow ?? '', placeholder: 'for example controller-ci' })}
${textField({ name: 'job', label: 'Job', value: asked?.job ?? '', placeholder: 'for example lint' })}</div>
<label class="field"><span>Log</span><textarea class="log" name="log" rows="12" spellcheck="false" placeholder="Paste the log of the failed job">${asked?.log ?? ''}</textarea></label>
<label class="field"><span>Changed files, one a line (optional)</span><textarea name="changed_files" rows="2" spellcheck="false">${asked?.changedFiles.join('\n') ?? ''}</textarea></label>
<div class="buttons"><button class="primary" type="submit">Decide</button></div></form>`;
}

function answer({ answer: given }: RulesData): Html {
  if (given === null)
    return html`<p class="empty">Paste a log, or name workflow and job. The rules decide as they would for a real failure.</p>`;
  const { agent, failureType, rule, confidence, transient, reason, fingerprint, evidence } = given;
  return html`<div class="panel"><p class="decided"><strong>${agentName(agent)}</strong> would repair <code>${failureType}</code>.</p>
<p>${reason}</p>
${factList([
  ['Rule', code(rule)],
  ['Confidence', `${Math.round(confidence * 100)} %`],
  ['Transient', transient ? 'yes: the jobs would be re-run once first' : 'no'],
  ['Fingerprint', code(shortSha(fingerprint))],
])}
${
  evidence.length === 0
    ? html`<p class="muted">No line spoke for it; names decided.</p>`
    : html`<h3>Evidence, strongest first</h3><ol class="evidence">${evidence.map(({ line, text, rule: by, weight }) => html`<li><span class="at">line ${line}</span> <code>${text}</code> <span class="muted small">${by}, weight ${weight}</span></li>`)}</ol>`
}</div>
${given.excerpt.text === '' ? '' : excerptView(given)}`;
}

function ruleList({ rules, search }: RulesData): Html {
  const wanted = search.toLowerCase();
  const shown = rules.filter(
    ({ id, agent, failureType, looksFor }) =>
      wanted === '' || [id, agent, failureType, ...looksFor].some((text) => text.toLowerCase().includes(wanted)),
  );
  return html`<form class="filters" method="get" action="/rules" role="search" aria-label="Find rules">${textField({ name: 'q', label: 'Find', value: search, placeholder: 'rule, agent, failure type, words of a log', type: 'search', isWide: true })}
<div class="buttons"><button type="submit">Find</button>${search === '' ? '' : html`<a href="/rules">Clear</a>`}</div></form>
${
  shown.length === 0
    ? html`<p class="empty">No rule matches. <a href="/rules">Show all</a>.</p>`
    : html`<div class="scroll"><table class="list rules"><thead><tr><th scope="col">Rule</th><th scope="col">Agent</th><th scope="col">Failure type</th><th scope="col">Looks for</th><th scope="col">File</th></tr></thead>
<tbody>${shown.map(row)}</tbody></table></div>`
}`;
}

/** As many patterns as a row shows at once. */
const SHOWN = 2;

function row({ id, kind, agent, failureType, looksFor, file, examples }: RuleView): Html {
  const rest = looksFor.slice(SHOWN);
  return html`<tr><td class="what"><strong>${id}</strong><span class="where">${kind === 'lines' ? 'by what logs say' : 'by names and files'} · ${plural(examples, 'example')}</span></td>
<td data-label="Agent">${agentName(agent)}</td><td data-label="Type"><code>${failureType}</code></td>
<td class="looks">${looksFor.slice(0, SHOWN).map((text) => html`<code>${text}</code>`)}${rest.length === 0 ? '' : html`<details><summary>${rest.length} more</summary>${rest.map((text) => html`<code>${text}</code>`)}</details>`}</td>
<td data-label="File" class="muted small">${file}</td></tr>`;
}
