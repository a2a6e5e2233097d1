import { MAX_LINE_LENGTH } from '../route/pattern.ts';
import { CODES, withoutCodes } from './colour-codes.ts';
import { MARKS } from './scanner.ts';
import { stampEndOf } from './stamp.ts';

/** A log line without what the CI system, the terminal and wrapping tools put around it. */
export interface CleanLine {
  readonly text: string;
  /** The runner's own marker: `##[error]` gives `error`. */
  readonly marker: string | null;
  /** The step that `gh run view --log` names in front of the line. */
  readonly stepName: string | null;
  /** The line was printed inside an image build. */
  readonly isInner: boolean;
}

const GH_COLUMNS = /^[^\t]{1,160}(?:\t| {2})([^\t]{1,160}?)(?:\t| {2})\ufeff?(?=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)/;
const DATE_TIME = /^[[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?[\])]?[ \t]?/;
const TIME = /^\[?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\] ?| +)/;
const GITLAB_STREAM = /^\d\d[OE][ +]/;
const TASKCLUSTER = /^\[(?:task|vcs|fetches|setup|taskcluster)(?::\w+)? \d{4}-[^\]]{10,40}\] ?/;
const BUILDKIT = /^#\d{1,4} (?:\d{1,5}\.\d{1,3} ?)?/;
const BUILDKIT_SECONDS = /^\d{1,5}\.\d{2,3}(?: |$)/;
const COMPOSE = /^ ?[A-Za-z][\w.-]{0,60} {0,20}\| ?/;
const MARKER = /^##\[(\w{4,10})\]/;
const WORKSPACE_TASK =
  /^@?[\w./-]{1,80}:(?:build|test|lint|typecheck|type-check|check|dev|compile|format)[\w:-]{0,30}: /;
const PNPM_RECURSIVE =
  /^[\w./@-]{1,80} (?:build|test|lint|typecheck|check|compile|prepare|postinstall|install)[\w:-]{0,30}[:$|] /;
const TASK_TAG =
  /^\[(?!(?:ERROR|INFO|WARN|WARNING|FATAL|DEBUG|error|warning|info|ERR|FAIL|FAILED)\b)[a-z][\w:@/.-]{1,40}\] /;

/** A cheap look before the costly pattern. */
const hasColumns = (text: string): boolean => {
  const first = text.charCodeAt(0);
  if (first < 48 || first === 91) return false;
  return text.includes('\t') ? text.includes('\t20') || text.includes('\t\ufeff20') : text.includes('  20');
};

/** A digit or a bracket begins every kind of time. */
const mayBeTime = (text: string): boolean => {
  const first = text.charCodeAt(0);
  return (first >= 48 && first <= 57) || first === 91;
};

/** The runner's own time stamp goes without asking the pattern. */
function withoutDateTime(text: string): string {
  const end = stampEndOf(text);
  return end < 0 ? text.replace(DATE_TIME, '') : text.slice(end);
}

/** 1 for letters, digits and `_./-@`: what the name of a package or a folder is made of. */
const NAME_PARTS = Uint8Array.from({ length: 128 }, (_, code) => (/[\w./@-]/.test(String.fromCharCode(code)) ? 1 : 0));
const MAX_NAME = 82;
/** The first letters of the tasks in `WORKSPACE_TASK` and `PNPM_RECURSIVE`. */
const TASK_LETTERS = 'btlcdfpi';

/** Without the names that a runner of many tasks puts in front: only where a name and a task may stand the patterns are asked. */
function withoutTask(text: string): string {
  let at = 0;
  while (at < MAX_NAME && NAME_PARTS[text.charCodeAt(at)] === 1) at++;
  const next = text.charCodeAt(at);
  if ((next !== 58 && next !== 32) || at === 0 || !TASK_LETTERS.includes(text.charAt(at + 1))) return text;
  if (next === 32) return text.replace(PNPM_RECURSIVE, '');
  const rest = text.replace(WORKSPACE_TASK, '');
  return rest === text ? text : rest.replace(PNPM_RECURSIVE, '');
}

/** A very long line is cut before anything looks at it. */
const RAW_LIMIT = MAX_LINE_LENGTH + 512;

/** @param marks what the scanner saw in it; a code that was taken away may have stood between columns and their time */
export function cleanLine(raw: string, marks: number = MARKS.code): CleanLine {
  let text = raw.length > RAW_LIMIT ? raw.slice(0, RAW_LIMIT) : raw;
  if ((marks & MARKS.code) !== 0) text = withoutCodes(text);
  let marker: string | null = null;
  let stepName: string | null = null;
  let isInner = false;
  const columns = (marks & (MARKS.code | MARKS.columns)) !== 0 && hasColumns(text) ? GH_COLUMNS.exec(text) : null;
  if (columns) {
    stepName = columns[1] ?? null;
    text = text.slice(columns[0].length);
  }
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
  for (let turn = 0; turn < 5; turn++) {
    const before: string = text;
    const first = text.charCodeAt(0);
    if (first >= 48 && first <= 57) {
      text = withoutDateTime(text);
      if (mayBeTime(text)) text = text.replace(TIME, '').replace(GITLAB_STREAM, '').replace(BUILDKIT_SECONDS, '');
    } else if (first === 35) {
      const found = MARKER.exec(text);
      if (found) {
        marker ??= found[1]!.toLowerCase();
        text = text.slice(found[0].length);
      } else if (BUILDKIT.test(text)) {
        isInner = true;
        text = text.replace(BUILDKIT, '');
      }
    } else if (first === 91) {
      text = text.replace(TASKCLUSTER, '').replace(DATE_TIME, '').replace(TIME, '').replace(TASK_TAG, '');
    } else {
      if (text.includes('|')) text = text.replace(COMPOSE, '');
      text = withoutTask(text);
    }
    if (text === before) break;
  }
  return {
    text: text.length > MAX_LINE_LENGTH ? text.slice(0, MAX_LINE_LENGTH) : text.trimEnd(),
    marker,
    stepName,
    isInner,
  };
}

/** A line for people to read: without colours and the time stamp in front, with everything that tells who printed it. */
export function plainLine(raw: string): string {
  let text = raw;
  const first = text.charCodeAt(0);
  if (first === 0xfeff) text = text.slice(1);
  if (first >= 48 && first <= 57) text = withoutDateTime(text);
  else if (hasColumns(text)) {
    const columns = GH_COLUMNS.exec(text);
    if (columns) text = text.slice(columns[0].length).replace(DATE_TIME, '');
  }
  if (text.includes('\x1b') || text.includes('m[') || text.startsWith('[')) text = text.replace(CODES, '');
  return text.trimEnd();
}
