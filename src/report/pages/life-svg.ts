import { isTerminal, type Phase, type Remediation, type TimelineEntry } from '../../model/remediation.ts';
import { agentName, duration, PHASE_WORDS } from '../words.ts';
import { type Html, html } from './html.ts';
import { type Stretch, stretches } from './life.ts';

/** Whose turn it is in a phase; the lanes of the picture, from the top. */
const LANES = ['Healer', 'Agent', 'CI', 'Waiting'] as const;
type Lane = (typeof LANES)[number];

const LANE_OF: Readonly<Record<Phase, Lane>> = {
  received: 'Healer',
  gathering: 'Healer',
  retrying: 'Healer',
  working: 'Agent',
  verifying: 'CI',
  rerunning: 'CI',
  deferred: 'Waiting',
  awaiting_approval: 'Waiting',
  succeeded: 'CI',
  escalated: 'Waiting',
  cancelled: 'Waiting',
  superseded: 'Waiting',
};

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 16;
const LANE_HEIGHT = 34;
const BLOCK_HEIGHT = 20;
const MIN_WIDTH = 14;
/** A duration fits into a block of this width. */
const LABEL_WIDTH = 52;
const TOP = 22;
/** More blocks than this make no picture; the latest are shown. */
const MAX_BLOCKS = 40;

interface Block extends Stretch {
  readonly x: number;
  readonly width: number;
}

/**
 * The picture of a life: a lane for each who had a turn, a block for each stretch of time, the way from one to the next.
 * Widths grow with the root of the time, so that seconds are seen beside hours. The steps are listed in words below it.
 */
export function lifeDrawing(remediation: Remediation, timeline: readonly TimelineEntry[], now: number): Html {
  const all = stretches(remediation, timeline).slice(-MAX_BLOCKS);
  if (all.length === 0) return html``;
  const blocks = laidOut(all, now);
  const used = new Set(blocks.map(({ phase }) => LANE_OF[phase]));
  const lanes = LANES.filter((lane) => lane !== 'Waiting' || used.has(lane));
  const middle = (lane: Lane): number => TOP + lanes.indexOf(lane) * LANE_HEIGHT + LANE_HEIGHT / 2;
  const height = TOP + lanes.length * LANE_HEIGHT + 4;
  return html`<svg class="drawing" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${said(remediation, all, now)}">
${lanes.map((lane) => html`<line class="lane" x1="${LEFT}" x2="${WIDTH}" y1="${middle(lane)}" y2="${middle(lane)}"/><text class="who" x="0" y="${middle(lane) + 4}">${lane}</text>`)}
${attemptMarks(remediation, blocks, height)}
${blocks.slice(1).map((block, index) => way(blocks[index] ?? block, block, middle))}
${blocks.map((block) => drawn(block, middle(LANE_OF[block.phase]), now))}
</svg>`;
}

function laidOut(all: readonly Stretch[], now: number): readonly Block[] {
  const lengths = all.map(({ phase, at, until }) =>
    isTerminal(phase) ? 0 : Math.sqrt(Math.max(0, (until ?? now) - at)),
  );
  const room = WIDTH - LEFT - RIGHT - all.length * (MIN_WIDTH + 6);
  const total = lengths.reduce((sum, length) => sum + length, 0) || 1;
  let x = LEFT;
  return all.map((stretch, index) => {
    const width = Math.round(MIN_WIDTH + ((lengths[index] ?? 0) / total) * Math.max(0, room));
    const block = { ...stretch, x, width };
    x += width + 6;
    return block;
  });
}

function drawn({ phase, at, until, x, width }: Block, y: number, now: number): Html {
  const { label, tone } = PHASE_WORDS[phase];
  if (isTerminal(phase))
    return html`<g class="${tone}"><title>${label}</title><circle class="end" cx="${x + 7}" cy="${y}" r="8"/>${sign(phase, x + 7, y)}</g>`;
  const took = duration((until ?? now) - at);
  return html`<g class="${tone}"><title>${label}: ${took}</title><rect class="block${until === null ? ' current' : ''}" x="${x}" y="${y - BLOCK_HEIGHT / 2}" width="${width}" height="${BLOCK_HEIGHT}" rx="4"/>${
    width < LABEL_WIDTH ? '' : html`<text class="took" x="${x + width / 2}" y="${y + 4}">${took}</text>`
  }</g>`;
}

/** A tick for green, a cross for people, a dash for what was left. */
function sign(phase: Phase, x: number, y: number): Html {
  const path =
    phase === 'succeeded'
      ? `M${x - 3.5} ${y}l2.5 3 4.5-6`
      : phase === 'escalated'
        ? `M${x} ${y - 4.5}v5.5M${x} ${y + 3.4}v.6`
        : `M${x - 3.5} ${y}h7`;
  return html`<path class="sign" d="${path}"/>`;
}

function way(from: Block, to: Block, middle: (lane: Lane) => number): Html {
  const x1 = from.x + from.width;
  const x2 = to.x;
  const half = (x1 + x2) / 2;
  const y1 = middle(LANE_OF[from.phase]);
  const y2 = middle(LANE_OF[to.phase]);
  return html`<path class="way" d="M${x1} ${y1}H${half}V${y2}H${x2}"/>`;
}

/** Where each attempt begins. */
function attemptMarks({ attempts }: Remediation, blocks: readonly Block[], height: number): readonly Html[] {
  let seen = -1;
  return attempts.flatMap(({ ordinal, agent, startedAt }, index) => {
    // The block that was under way when the attempt began; each is named once.
    const at = blocks.findIndex(
      ({ phase, until }, place) => place > seen && phase === 'working' && (until === null || until >= startedAt),
    );
    const block = blocks[at];
    if (block === undefined) return [];
    seen = at;
    return [
      html`<line class="mark" x1="${block.x - 3}" x2="${block.x - 3}" y1="${TOP - 4}" y2="${height}"/><text class="attempt" x="${block.x + 1}" y="${TOP - 8}">${attempts.length > 6 ? ordinal : `${index + 1} · ${agentName(agent)}`}</text>`,
    ];
  });
}

function said(remediation: Remediation, all: readonly Stretch[], now: number): string {
  const took = duration((remediation.endedAt ?? now) - remediation.createdAt);
  const steps = all.map(({ phase }) => PHASE_WORDS[phase].label.toLowerCase()).join(', ');
  return `Picture of its life, ${took} so far: ${steps}`;
}
