import { isTerminal, type Phase, type Remediation, type TimelineEntry } from '../../model/remediation.ts';
import { duration, PHASE_WORDS, plural } from '../words.ts';
import { type Html, html } from './html.ts';

/** A stretch of time in one phase. */
export interface Stretch {
  readonly phase: Phase;
  readonly at: number;
  /** Null while it lasts. */
  readonly until: number | null;
}

/** The phases a remediation went through, from its timeline; entries within one phase are one stretch. */
export function stretches(remediation: Remediation, timeline: readonly TimelineEntry[]): readonly Stretch[] {
  const starts: { phase: Phase; at: number }[] = [];
  for (const { phase, at } of timeline) if (starts.at(-1)?.phase !== phase) starts.push({ phase, at });
  if (starts.at(-1)?.phase !== remediation.phase) starts.push({ phase: remediation.phase, at: remediation.phaseSince });
  return starts.map(({ phase, at }, index) => ({ phase, at, until: starts[index + 1]?.at ?? null }));
}

/** What comes next if all goes well. */
const AHEAD: Readonly<Partial<Record<Phase, readonly Phase[]>>> = {
  received: ['gathering', 'working', 'verifying', 'succeeded'],
  gathering: ['working', 'verifying', 'succeeded'],
  deferred: ['gathering', 'working', 'verifying', 'succeeded'],
  rerunning: ['succeeded'],
  awaiting_approval: ['working', 'verifying', 'succeeded'],
  working: ['verifying', 'succeeded'],
  verifying: ['succeeded'],
  retrying: ['gathering', 'working', 'verifying', 'succeeded'],
};

const MAX_STEPS = 24;

/** The picture of a life: every phase with the time it took, where it is now, and what would come next. */
export function lifePicture(remediation: Remediation, timeline: readonly TimelineEntry[], now: number): Html {
  const all = stretches(remediation, timeline);
  const shown = all.slice(-MAX_STEPS);
  const hidden = all.length - shown.length;
  const ahead = isTerminal(remediation.phase) ? [] : (AHEAD[remediation.phase] ?? []);
  return html`<ol class="life">
${hidden > 0 ? html`<li class="step quiet done"><span class="name">${plural(hidden, 'earlier step')}</span></li>` : ''}
${shown.map((stretch, index) => step(stretch, index === shown.length - 1, now))}
${ahead.map((phase) => html`<li class="step ahead"><span class="name">${PHASE_WORDS[phase].label}</span><span class="took">ahead</span></li>`)}
</ol>`;
}

function step({ phase, at, until }: Stretch, isLast: boolean, now: number): Html {
  const { label, tone } = PHASE_WORDS[phase];
  const took = isTerminal(phase) ? 'end' : duration((until ?? now) - at);
  if (!isLast)
    return html`<li class="step ${tone} done"><span class="name">${label}</span><span class="took">${took}</span></li>`;
  const state = isTerminal(phase) ? 'end' : 'current';
  return html`<li class="step ${tone} ${state}" aria-current="step"><span class="name">${label}</span><span class="took">${
    isTerminal(phase) ? 'end' : `for ${took}`
  }</span></li>`;
}
