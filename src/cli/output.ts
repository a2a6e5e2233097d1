import { stripVTControlCharacters } from 'node:util';
import type { Tone } from '../report/words.ts';
import { duration } from '../report/words.ts';
import { cleanLine } from '../safety/clean.ts';
import type { CliContext } from './context.ts';

/** Paints text; leaves it alone where nobody sees colours. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  tone(tone: Tone, text: string): string;
}

const CODES: Readonly<Record<Tone, readonly [number, number]>> = {
  good: [32, 39],
  bad: [31, 39],
  busy: [36, 39],
  waiting: [33, 39],
  quiet: [2, 22],
};

/** Colours on a terminal only, and not when NO_COLOR is set (https://no-color.org) or the terminal is dumb. */
export function createStyle({ stdout, env }: Pick<CliContext, 'stdout' | 'env'>): Style {
  const isOn = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const paint = (text: string, on: number, off: number): string =>
    isOn && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: (text) => paint(text, 1, 22),
    dim: (text) => paint(text, 2, 22),
    tone: (tone, text) => paint(text, ...CODES[tone]),
  };
}

/** What came from outside, on one line, without anything that a terminal would obey. */
export function plain(text: string | null, max = 200): string {
  return text === null || text === '' ? '–' : cleanLine(text, max);
}

/** `5 min ago`; RFC 3339 in. */
export function ago(time: string, now: number): string {
  const ms = now - Date.parse(time);
  return ms < 1000 ? 'just now' : `${duration(ms).split(' ').slice(0, 2).join(' ')} ago`;
}

const GAP = '  ';
const SHORTEST = 8;

/**
 * Columns of equal width, two spaces apart. The widest columns are shortened until a row fits into `width`; piped
 * output (`width` undefined) is not shortened.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
  width?: number,
): string {
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(widthOf)),
  );
  if (width !== undefined) squeeze(widths, width - GAP.length * (head.length - 1));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => fitted(cell, widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  return [style.dim(line(head)), ...rows.map(line)].map((text) => `${text}\n`).join('');
}

function squeeze(widths: number[], available: number): void {
  while (widths.reduce((sum, value) => sum + value, 0) > available) {
    const widest = Math.max(...widths);
    if (widest <= SHORTEST) return;
    widths[widths.indexOf(widest)] = widest - 1;
  }
}

/** Characters as a reader counts them, colour codes not counted. */
function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

function fitted(text: string, width: number): string {
  const length = widthOf(text);
  if (length <= width) return text + ' '.repeat(width - length);
  // Cutting inside colour codes would leave the rest of the terminal coloured.
  return `${[...stripVTControlCharacters(text)].slice(0, width - 1).join('')}…`;
}

/** `name  value` lines, the values below one another. */
export function pairs(rows: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${style.dim(name.padEnd(width))}${GAP}${value}\n`).join('');
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
/** What is quicker than this needs no sign of life. */
const QUIET_MS = 300;

/** Shows that something takes long: on a terminal only, on standard error, and gone when the work is done. */
export async function withSpinner<T>(
  { stderr }: Pick<CliContext, 'stderr'>,
  text: string,
  work: Promise<T>,
): Promise<T> {
  if (stderr.isTTY !== true) return work;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  const turn = (): void => {
    stderr.write(`\r\u001b[K${FRAMES[frame++ % FRAMES.length]} ${text}`);
    timer = setTimeout(turn, FRAME_MS);
  };
  timer = setTimeout(turn, QUIET_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (frame > 0) stderr.write('\r\u001b[K');
  }
}
