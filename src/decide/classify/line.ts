import { MAX_LINE_LENGTH } from '../route/pattern.ts';
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

/** Colour and cursor codes; some logs lose the escape character and keep the rest. */
const ANSI =
  /\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\[(?:\d{1,3}(?:;\d{1,3}){0,4})?m/g;
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

/** Letters, digits and `_./-@`: what the name of a package or a folder is made of. */
const isNamePart = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 64 && code <= 90) || (code >= 45 && code <= 57) || code === 95;
const MAX_NAME = 82;

/** Without the name of the package that a runner of many tasks puts in front: only behind such a name the patterns are asked. */
function withoutTask(text: string): string {
  let at = 0;
  while (at < MAX_NAME && isNamePart(text.charCodeAt(at))) at++;
  const next = text.charCodeAt(at);
  if (next === 32) return at > 0 ? text.replace(PNPM_RECURSIVE, '') : text;
  if (next !== 58) return text;
  const rest = text.replace(WORKSPACE_TASK, '');
  return rest === text ? text : rest.replace(PNPM_RECURSIVE, '');
}

/** A very long line is cut before anything looks at it. */
const RAW_LIMIT = MAX_LINE_LENGTH + 512;

/** @param marks what the scanner saw in it; without them, anything may be in it */
export function cleanLine(raw: string, marks: number = MARKS.code | MARKS.columns): CleanLine {
  let text = raw.length > RAW_LIMIT ? raw.slice(0, RAW_LIMIT) : raw;
  if ((marks & MARKS.code) !== 0 && text.includes('[')) text = text.replace(ANSI, '');
  let marker: string | null = null;
  let stepName: string | null = null;
  let isInner = false;
  const columns = (marks & MARKS.columns) !== 0 && hasColumns(text) ? GH_COLUMNS.exec(text) : null;
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
  if (text.includes('\x1b') || text.includes('m[') || text.startsWith('[')) text = text.replace(ANSI, '');
  return text.trimEnd();
}
