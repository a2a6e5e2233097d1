import { REASONS, type Reason } from '../../model/reason.ts';
import type { Remediation } from '../../model/remediation.ts';
import { duration, PHASE_WORDS, type Word } from '../words.ts';
import { type Html, html, type Part } from './html.ts';

/** A state as a coloured label; the word says what the colour means. */
export function badge({ label, tone }: Word): Html {
  return html`<span class="badge ${tone}">${label}</span>`;
}

/** How long ago, with the exact time behind it; the page's script shows it in the reader's zone. */
export function ago(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  const words = now - at < 1000 ? 'just now' : `${firstUnit(now - at)} ago`;
  return html`<time datetime="${iso}" title="${utc(at)}">${words}</time>`;
}

/** The time of day, for lists in which everything happened lately; UTC until the page's script knows better. */
export function clockTime(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${utc(at)}" data-format="time">${iso.slice(11, 19)}</time>`;
}

/** Date and time, for what may be long ago. */
export function fullTime(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${utc(at)}" data-format="full">${utc(at)}</time>`;
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function firstUnit(ms: number): string {
  return duration(ms).split(' ').slice(0, 2).join(' ');
}

/** A link to another site; plain text when the address, which came from outside, is not one to follow. */
export function externalLink(url: string | null, label: Part): Html {
  if (url === null || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return html`${label}`;
  return html`<a href="${new URL(url).href}" rel="noreferrer">${label}</a>`;
}

export function code(text: string): Html {
  return html`<code>${text}</code>`;
}

export function shortSha(sha: string): string {
  return sha.slice(0, 8);
}

/** Why: the code people search for, and the sentence. The detail only when it says more. */
export function why(reason: Reason): Html {
  const sentence = REASONS[reason.code] ?? '';
  const detail = reason.detail === '' || reason.detail === sentence ? null : reason.detail;
  return html`<span class="why">${detail ?? sentence}</span> <code class="code">${reason.code}</code>`;
}

export function phaseBadge(remediation: Pick<Remediation, 'phase'>): Html {
  return badge(PHASE_WORDS[remediation.phase]);
}

/** The page of a pull request, built from the address of the run because Healer may stand before an Enterprise server. */
export function pullRequestUrl({ url, repository, pullRequest }: Remediation): string | null {
  if (url === null || pullRequest === null || !URL.canParse(url)) return null;
  return `${new URL(url).origin}/${repository}/pull/${pullRequest}`;
}

export function commitUrl({ url, repository }: Remediation, sha: string): string | null {
  if (url === null || !URL.canParse(url)) return null;
  return `${new URL(url).origin}/${repository}/commit/${encodeURIComponent(sha)}`;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

/** A labelled choice of a filter form; the first option stands for “any”. */
export function select(name: string, label: string, any: string, options: readonly Option[], chosen: string): Html {
  return html`<label class="field"><span>${label}</span>
<select name="${name}"><option value="">${any}</option>${options.map(
    ({ value, label: text }) =>
      html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`,
  )}</select></label>`;
}

/** Newest and older: the links below a list. */
export function pager(
  path: string,
  query: Readonly<Record<string, string>>,
  nextCursor: string | null,
  older = 'Older',
): Html {
  const { cursor, ...filters } = query;
  if (nextCursor === null && cursor === undefined) return html``;
  const href = (more: Record<string, string>): string => {
    const search = new URLSearchParams({ ...filters, ...more }).toString();
    return search === '' ? path : `${path}?${search}`;
  };
  return html`<nav class="pager" aria-label="Pages">
${cursor === undefined ? '' : html`<a href="${href({})}">← Newest</a>`}
${nextCursor === null ? html`<span class="muted">That is all.</span>` : html`<a rel="next" href="${href({ cursor: nextCursor })}">${older} →</a>`}
</nav>`;
}

/** A labelled field of a form. */
export function textField(field: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly type?: 'text' | 'search' | 'date' | 'password';
  readonly isWide?: boolean;
  readonly list?: string;
}): Html {
  const { name, label, value, placeholder = '', type = 'text', isWide = false, list } = field;
  return html`<label class="field${isWide ? ' wide' : ''}"><span>${label}</span><input type="${type}" name="${name}" value="${value}"${
    placeholder === '' ? '' : html` placeholder="${placeholder}"`
  }${list === undefined ? '' : html` list="${list}"`} autocomplete="off"></label>`;
}

export function percent(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 1_000) / 10} %`;
}

export function money(usd: number | null): string {
  return usd === null ? '–' : `$${usd.toFixed(2)}`;
}

/** `1,204`: the same in every place, whatever the server's language. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Rows of name and value. */
export function factList(rows: readonly (readonly [string, Part])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
