import type { ServiceInfo } from '../api/deps.ts';
import type { Overview } from '../api/overview.ts';
import { duration } from '../words.ts';
import type { Assets } from './assets.ts';
import { type Html, html, type Part } from './html.ts';

export interface Frame {
  readonly title: string;
  /** Which entry of the navigation is this page. */
  readonly current: 'overview' | 'deliveries' | null;
  readonly info: ServiceInfo;
  readonly assets: Assets;
}

/** A whole page around its content. Without the script everything is readable; with it times are local and news appear. */
export function layout({ title, current, info, assets }: Frame, content: Part): string {
  const entry = (href: string, name: Frame['current'], label: string): Html =>
    html`<a href="${href}"${name === current ? html` aria-current="page"` : ''}>${label}</a>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Healer</title>
<link rel="icon" href="${assets.url('healer.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.url('healer.css')}">
<script src="${assets.url('healer.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<a class="brand" href="/"><img src="${assets.url('healer.svg')}" alt="" width="24" height="24">Healer</a>
<nav class="menu" aria-label="Main">${entry('/', 'overview', 'Overview')}${entry('/deliveries', 'deliveries', 'Deliveries')}</nav>
<p class="live" role="status" hidden></p>
</header>
<main id="content">
${content}
</main>
<footer class="bottom">
<p>Healer ${info.version} · ${info.engine} engine · ${info.mode} mode</p>
<p><a href="/openapi.json">API description</a> · <a href="/metrics">Metrics</a> · <a href="/ready">Readiness</a></p>
</footer>
</body>
</html>
`.text;
}

/** What keeps Healer from doing its work, said above everything else; nothing when all is well. */
export function warnings(overview: Overview, info: ServiceInfo): Html {
  const failing = overview.checks.filter((check) => !check.ok);
  const notes: readonly Html[] = [
    ...failing.map((check) => html`<li><strong>Not ready: ${check.name}.</strong> ${check.detail}</li>`),
    ...overview.pauses.map(({ repository, by }) =>
      repository === null
        ? html`<li><strong>Paused</strong> by ${by}: no agent is started until somebody resumes (<code>healer resume</code>).</li>`
        : html`<li><strong>${repository} is paused</strong> by ${by} (<code>healer resume --repo ${repository}</code>).</li>`,
    ),
    ...(info.mode === 'shadow'
      ? [html`<li><strong>Shadow mode:</strong> Healer decides and reports but starts nothing.</li>`]
      : []),
    ...(info.mode === 'paused' ? [html`<li><strong>Paused by its settings:</strong> no agent is started.</li>`] : []),
    ...lateNote(overview.oldestUndecidedMs),
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
