import type { ServiceInfo } from '../api/deps.ts';
import type { State } from '../api/overview.ts';
import { duration } from '../words.ts';
import type { Assets } from './assets.ts';
import { FORM_TOKEN, SIGN_IN, type Visitor } from './browser-access.ts';
import { type Html, html, type Part } from './html.ts';

export type Section = 'overview' | 'remediations' | 'deliveries' | 'coderuns' | 'insights' | 'rules';

export interface Frame {
  readonly title: string;
  /** Which entry of the navigation is this page. */
  readonly current: Section | null;
  readonly info: ServiceInfo;
  readonly assets: Assets;
  readonly visitor: Visitor;
  readonly formToken: string;
  /** Sections there are. */
  readonly sections: readonly Section[];
  /** Where the page hears of news; null for a page that does not change. */
  readonly events: string | null;
  /** What just happened because of the reader. */
  readonly notice: Notice | null;
}

export interface Notice {
  readonly tone: 'good' | 'bad' | 'waiting';
  readonly text: string;
}

const SECTIONS: Readonly<Record<Section, { readonly href: string; readonly label: string }>> = {
  overview: { href: '/', label: 'Overview' },
  remediations: { href: '/remediations', label: 'Remediations' },
  deliveries: { href: '/deliveries', label: 'Deliveries' },
  coderuns: { href: '/coderuns', label: 'CodeRuns' },
  insights: { href: '/insights', label: 'Insights' },
  rules: { href: '/rules', label: 'Rules' },
};

/** A whole page around its content. Without the script everything is readable; with it times are local and news appear. */
export function layout(frame: Frame, content: Part): string {
  const { title, info, assets, events, notice } = frame;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Healer</title>
<link rel="icon" href="${assets.url('healer.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.url('healer.css')}">
<script src="${assets.url('theme.js')}"></script>
<script src="${assets.url('healer.js')}" defer></script>
</head>
<body${events === null ? '' : html` data-events="${events}"`}>
<a class="skip" href="#content">Skip to content</a>
<header class="top"><div class="inner">
<a class="brand" href="/"><img src="${assets.url('healer.svg')}" alt="" width="26" height="26">Healer</a>
${menu(frame)}
<p class="live" role="status" hidden></p>
<div class="tools">${signInOrOut(frame)}</div>
</div></header>
<main id="content" tabindex="-1">
${notice === null ? '' : html`<p class="notice ${notice.tone}" role="status">${notice.text}</p>`}
${content}
</main>
<footer class="bottom"><div class="inner">
<p>Healer ${info.version} · ${info.engine} engine · ${info.mode} mode · <span class="zone">times are UTC</span></p>
<p><a href="/docs">API</a> · <a href="/openapi.json">OpenAPI</a> · <a href="/metrics">Metrics</a> · <a href="/ready">Readiness</a></p>
</div></footer>
</body>
</html>
`.text;
}

function menu({ current, sections }: Frame): Html {
  return html`<nav class="menu" aria-label="Main">${sections.map((name) => {
    const { href, label } = SECTIONS[name];
    return html`<a href="${href}"${name === current ? html` aria-current="page"` : ''}>${label}</a>`;
  })}</nav>`;
}

function signInOrOut({ visitor, formToken }: Frame): Html {
  if (visitor.isOpen) return html``;
  if (!visitor.hasSession) return html`<a class="button" href="${SIGN_IN}">Sign in</a>`;
  const who = visitor.name ?? (visitor.level === 'write' ? 'May act' : 'May read');
  return html`<span class="who" title="${visitor.level === 'write' ? 'Signed in with a token that may act' : 'Signed in with a token that may only read'}">${who}</span>
<form method="post" action="/sign-out">${formField(formToken)}<button class="plain" type="submit">Sign out</button></form>`;
}

/** What every form that is posted carries. */
export function formField(token: string): Html {
  return html`<input type="hidden" name="${FORM_TOKEN}" value="${token}">`;
}

/** What keeps Healer from doing its work, said above everything else; nothing when all is well. */
export function warnings(state: State, info: ServiceInfo): Html {
  const failing = state.checks.filter((check) => !check.ok);
  const notes: readonly Html[] = [
    ...failing.map((check) => html`<li><strong>Not ready: ${check.name}.</strong> ${check.detail}</li>`),
    ...state.pauses.map(({ repository, by }) =>
      repository === null
        ? html`<li><strong>Paused</strong> by ${by}: no agent is started until somebody resumes.</li>`
        : html`<li><strong>${repository} is paused</strong> by ${by}.</li>`,
    ),
    ...(info.mode === 'shadow'
      ? [html`<li><strong>Shadow mode:</strong> Healer decides and reports but starts nothing.</li>`]
      : []),
    ...(info.mode === 'paused' ? [html`<li><strong>Paused by its settings:</strong> no agent is started.</li>`] : []),
    ...lateNote(state.oldestUndecidedMs),
  ];
  return notes.length === 0 ? html`` : html`<ul class="warnings" role="list">${notes}</ul>`;
}

/** Deliveries are decided as they come; one that waits longer than this waits for a person to look. */
const LATE_MS = 60_000;

export function isLate(oldestMs: number | null): boolean {
  return oldestMs !== null && oldestMs >= LATE_MS;
}

function lateNote(oldestMs: number | null): readonly Html[] {
  if (oldestMs === null || !isLate(oldestMs)) return [];
  return [
    html`<li><strong>A delivery has waited for ${duration(oldestMs)}</strong> without being decided.
<a href="/deliveries?status=stored">Look at it</a>.</li>`,
  ];
}
