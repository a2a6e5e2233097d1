import { cleanText } from '../../clean.ts';

export interface Command {
  /** Lower case; `help` when the line names none. */
  readonly verb: string;
  /** The rest of the line; empty when there is none. */
  readonly argument: string;
}

/** GitHub's limit for a comment. */
const MAX_COMMENT = 65_536;
const MAX_ARGUMENT = 2_000;
const COMMAND = /^\/healer(?:[ \t]+([A-Za-z][A-Za-z-]{0,31})(?:[ \t]+(.*))?)?[ \t]*$/;
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;

/**
 * The lines of a comment that are somebody's own words: without fenced code. A fence closes with at least as many
 * of its own marks, and one that never closes runs to the end, as GitHub shows it.
 */
function withoutFences(lines: readonly string[]): string[] {
  let fence: string | null = null;
  return lines.map((line) => {
    if (fence !== null) {
      const closing = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
      if (closing?.startsWith(fence)) fence = null;
      return '';
    }
    fence = FENCE.exec(line)?.[1] ?? null;
    return fence === null ? line : '';
  });
}

/** The same length and the same line ends, nothing else. */
const blank = (part: string) => part.replace(/[^\n]/g, '\u0000');

/** Blanks code spans: a run of backticks up to the next run of the same length in the same paragraph. */
function blankSpans(paragraph: string): string {
  const runs = [...paragraph.matchAll(/`+/g)].map((run) => ({ at: run.index, length: run[0].length }));
  const partner: (number | undefined)[] = [];
  const nextOfLength = new Map<number, number>();
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    const length = runs[index]?.length ?? 0;
    partner[index] = nextOfLength.get(length);
    nextOfLength.set(length, index);
  }
  const parts: string[] = [];
  let done = 0;
  for (let index = 0; index < runs.length; index += 1) {
    const end = partner[index];
    if (end === undefined) continue;
    const [from, to] = [runs[index]?.at ?? 0, runs[end]?.at ?? 0];
    parts.push(paragraph.slice(done, from), blank(paragraph.slice(from, to)));
    done = to;
    index = end;
  }
  return parts.join('') + paragraph.slice(done);
}

/** Blanks HTML comments, which nobody sees; one that never closes hides the rest when it begins a line. */
function blankHidden(text: string): string {
  const parts: string[] = [];
  let done = 0;
  for (let from = text.indexOf('<!--'); from !== -1; from = text.indexOf('<!--', done)) {
    const close = text.indexOf('-->', from + 4);
    const isAtLineStart = from === 0 || text[from - 1] === '\n';
    if (close === -1 && !isAtLineStart) {
      const next = text.indexOf('\n<!--', from);
      if (next === -1) break;
      parts.push(text.slice(done, next + 1));
      done = next + 1;
      continue;
    }
    const to = close === -1 ? text.length : close + 3;
    parts.push(text.slice(done, from), blank(text.slice(from, to)));
    done = to;
  }
  return parts.join('') + text.slice(done);
}

/** The lines as a reader sees them: what is code or hidden is blank. */
function shownLines(lines: readonly string[]): string[] {
  const prose = withoutFences(lines).join('\n');
  const paragraphs = prose.split(/(\n[ \t]*(?=\n))/);
  return blankHidden(paragraphs.map(blankSpans).join('')).split('\n');
}

/**
 * The first `/healer` line of a comment; null when there is none. It counts only at the very start of a line that
 * is not quoted, not code and not hidden; further ones in the same comment do not count.
 */
export function parseCommand(comment: string): Command | null {
  const lines = cleanText(comment, MAX_COMMENT).split('\n');
  const index = shownLines(lines).findIndex((line) => COMMAND.test(line));
  const match = COMMAND.exec(lines[index] ?? '');
  if (index === -1 || !match) return null;
  return {
    verb: match[1]?.toLowerCase() ?? 'help',
    argument: (match[2]?.trim() ?? '').slice(0, MAX_ARGUMENT).toWellFormed(),
  };
}
