import { type Html, html } from './html.ts';

/** A line over days; gaps where nothing was measured. */
export interface Line {
  /** Oldest first, one a day; null where there was nothing to measure. */
  readonly values: readonly (number | null)[];
  /** Drawn as a dashed line. */
  readonly target: number | null;
  /** What a reader who does not see it is told. */
  readonly label: string;
}

const WIDTH = 120;
const HEIGHT = 32;
const PAD = 3;

/** A small line without axes, beside a figure that says the rest. */
export function sparkline({ values, target, label }: Line): Html {
  const known = values.filter((value) => value !== null);
  if (known.length === 0)
    return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}: nothing measured yet"><line class="none" x1="0" x2="${WIDTH}" y1="${HEIGHT - PAD}" y2="${HEIGHT - PAD}"/></svg>`;
  const all = target === null ? known : [...known, target];
  const top = Math.max(...all);
  const low = Math.min(...all, 0);
  const y = (value: number): number => round(HEIGHT - PAD - ((value - low) / (top - low || 1)) * (HEIGHT - 2 * PAD));
  const x = (index: number): number => round(PAD + (index / Math.max(1, values.length - 1)) * (WIDTH - 2 * PAD));
  const last = values.findLastIndex((value) => value !== null);
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
${target === null ? '' : html`<line class="target" x1="0" x2="${WIDTH}" y1="${y(target)}" y2="${y(target)}"/>`}
${pieces(values).map((piece) =>
  piece.length === 1
    ? piece.map(([at, value]) => html`<path class="point" d="M${x(at)} ${y(value)}h0"/>`)
    : html`<polyline class="line" points="${piece.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')}"/>`,
)}
<path class="last" d="M${x(last)} ${y(values[last] ?? 0)}h0"/></svg>`;
}

/** Stretches without a gap, as index and value. */
function pieces(values: readonly (number | null)[]): readonly (readonly (readonly [number, number])[])[] {
  const found: [number, number][][] = [];
  let open: [number, number][] | null = null;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      open = null;
      continue;
    }
    if (open === null) {
      open = [];
      found.push(open);
    }
    open.push([index, value]);
  }
  return found;
}

export interface Bar {
  /** Under the bar; empty for none. */
  readonly label: string;
  /** Said when the bar is pointed at. */
  readonly title: string;
  /** From the bottom up; `tone` is a class. */
  readonly parts: readonly { readonly tone: string; readonly value: number }[];
}

const CHART_WIDTH = 560;
const CHART_HEIGHT = 140;
const AXIS = 18;
const LEFT = 34;

/** Bars with parts on top of each other, with a line for the highest value. */
export function stackedBars(bars: readonly Bar[], label: string): Html {
  const totals = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const top = niceTop(Math.max(1, ...totals));
  const height = CHART_HEIGHT - AXIS - 8;
  const step = (CHART_WIDTH - LEFT) / Math.max(1, bars.length);
  const scale = (value: number): number => (value / top) * height;
  const base = CHART_HEIGHT - AXIS;
  return html`<svg class="chart" viewBox="0 0 ${CHART_WIDTH} ${CHART_HEIGHT}" role="img" aria-label="${label}">
${[0, top / 2, top].map((value) => {
  const at = round(base - scale(value));
  return html`<line class="grid" x1="${LEFT}" x2="${CHART_WIDTH}" y1="${at}" y2="${at}"/><text class="axis end" x="${LEFT - 6}" y="${at + 3.5}">${short(value)}</text>`;
})}
${bars.map(({ parts, title, label: under }, index) => {
  const x = round(LEFT + index * step + step * 0.14);
  const width = round(step * 0.72);
  let at = base;
  return html`<g><title>${title}</title><rect class="hit" x="${round(LEFT + index * step)}" y="0" width="${round(step)}" height="${base}"/>${parts
    .filter(({ value }) => value > 0)
    .map(({ tone, value }) => {
      const tall = scale(value);
      at -= tall;
      return html`<rect class="bar ${tone}" x="${x}" y="${round(at)}" width="${width}" height="${round(tall)}"/>`;
    })}${under === '' ? '' : html`<text class="axis middle" x="${round(x + width / 2)}" y="${CHART_HEIGHT - 4}">${under}</text>`}</g>`;
})}
</svg>`;
}

/** 1, 2 or 5 times a power of ten, not below the value, and even so that its half is whole where it can be. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 4, 6, 8, 10]) if (factor * power >= value && factor * power >= 2) return factor * power;
  return 10 * power;
}

function short(value: number): string {
  return value >= 1_000 ? `${round(value / 1_000)}k` : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** How much of something is used, as a bar; `limit` null draws none. */
export function meter(used: number, limit: number | null, label: string): Html {
  if (limit === null) return html``;
  const share = Math.min(1, used / limit);
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'waiting' : 'good';
  return html`<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="${label}"><rect class="track" width="100" height="6" rx="3"/><rect class="bar ${tone}" width="${round(share * 100)}" height="6" rx="3"/></svg>`;
}
