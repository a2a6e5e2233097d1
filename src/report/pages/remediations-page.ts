import { FAILURE_TYPE_NAMES } from '../../model/failure-type.ts';
import { PHASES } from '../../model/remediation.ts';
import type { Found } from '../../store/remediation-list.ts';
import { agentName, PHASE_WORDS } from '../words.ts';
import { type Html, html } from './html.ts';
import { pager, select, textField } from './parts.ts';
import { remediationTable } from './remediation-table.ts';

export interface RemediationsData {
  readonly found: Found;
  /** The query as it was asked, without empty fields. */
  readonly query: Readonly<Record<string, string>>;
  readonly now: number;
  /** Names of the agents there are. */
  readonly agents: readonly string[];
}

/** Every remediation, by what is asked for. */
export function remediationsPage({ found, query, now, agents }: RemediationsData): Html {
  const { remediations, nextCursor, isPartial } = found;
  const older = isPartial ? 'Look further back' : 'Older';
  return html`<h1>Remediations</h1>
<p class="lead">Everything that broke and what became of it, newest first.</p>
${filters(query, agents)}
<div id="list" data-live>${remediations.length === 0 ? nothing(query, isPartial) : remediationTable(remediations, now)}
${pager('/remediations', query, nextCursor, older)}</div>`;
}

function nothing(query: Readonly<Record<string, string>>, isPartial: boolean): Html {
  if (isPartial)
    return html`<p class="empty">Nothing among the newest ones. A search looks through a part at a time; older ones come with “Look further back”.</p>`;
  return Object.keys(query).length > 0
    ? html`<p class="empty">No remediation matches. <a href="/remediations">Show all</a>.</p>`
    : html`<p class="empty">Nothing has broken yet. When CI goes red, it appears here; <a href="/deliveries">deliveries</a> show what has arrived.</p>`;
}

function filters(query: Readonly<Record<string, string>>, agents: readonly string[]): Html {
  const of = (name: string): string => query[name] ?? '';
  const phases = [
    { value: 'live', label: 'All under way' },
    ...PHASES.map((phase) => ({ value: phase, label: PHASE_WORDS[phase].label })),
  ];
  const types = FAILURE_TYPE_NAMES.map((name) => ({ value: name, label: name }));
  const names = agents.map((name) => ({ value: name, label: agentName(name) }));
  return html`<form class="filters" method="get" action="/remediations" role="search" aria-label="Filter remediations">
${textField({ name: 'q', label: 'Search', value: of('q'), placeholder: 'task, repository, branch, #12, commit', type: 'search', isWide: true })}
${select('phase', 'State', 'Any state', phases, of('phase'))}
${textField({ name: 'repo', label: 'Repository', value: of('repo'), placeholder: 'owner/name' })}
${textField({ name: 'branch', label: 'Branch', value: of('branch'), placeholder: 'any branch' })}
${select('agent', 'Agent', 'Any agent', names, of('agent'))}
${select('failure_type', 'Failure', 'Any failure', types, of('failure_type'))}
${textField({ name: 'since', label: 'Opened since', value: of('since').slice(0, 10), type: 'date' })}
<div class="buttons"><button type="submit">Filter</button>${Object.keys(query).length > 0 ? html`<a href="/remediations">Clear</a>` : ''}</div>
</form>`;
}
