import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where things are in the folder of one run: `<data>/runs/<uid>/`. */
export interface RunFolder {
  readonly root: string;
  /** The file set, complete or absent. */
  readonly files: string;
  /** The name of the file set. */
  readonly fileSet: string;
  /** What the agent works in. */
  readonly work: string;
  readonly home: string;
  readonly tmp: string;
  readonly secrets: string;
  readonly token: string;
  /** When the token stops working, in milliseconds since the epoch; absent when it does not. */
  readonly tokenExpiry: string;
  /** What the supervisor is to do. */
  readonly job: string;
  /** Who supervises; made once, never removed while the folder lives: it is what makes a job start at most once. */
  readonly lock: string;
  /** The leader of the job's process group. */
  readonly child: string;
  /** Why the job is to be stopped. */
  readonly stop: string;
  readonly result: string;
  readonly output: string;
  /** How the job ended. */
  readonly exit: string;
}

export function runFolder(root: string): RunFolder {
  return {
    root,
    files: join(root, 'files'),
    fileSet: join(root, 'file-set'),
    work: join(root, 'work'),
    home: join(root, 'home'),
    tmp: join(root, 'tmp'),
    secrets: join(root, 'secrets'),
    token: join(root, 'secrets', 'token'),
    tokenExpiry: join(root, 'secrets', 'expires-at'),
    job: join(root, 'job.json'),
    lock: join(root, 'lock'),
    child: join(root, 'child.json'),
    stop: join(root, 'stop.json'),
    result: join(root, 'result.json'),
    output: join(root, 'output.log'),
    exit: join(root, 'exit.json'),
  };
}

/** What the supervisor is told. */
export interface JobFile {
  readonly uid: string;
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly deadlineMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly output: OutputLimits;
}

/** How much of the output is kept, in bytes. */
export interface OutputLimits {
  readonly headBytes: number;
  readonly tailBytes: number;
}

export interface LockFile {
  readonly pid: number;
  /** Sets this process apart from a later one with the same pid. */
  readonly start: string;
  readonly startedAt: number;
}

export interface ChildFile {
  /** Also the process group. */
  readonly pid: number;
}

export interface StopFile {
  readonly why: 'cancelled' | 'deadline';
}

export interface ExitFile {
  readonly code: number | null;
  readonly signal: string | null;
  readonly cause: 'completed' | 'cancelled' | 'deadline' | 'terminated' | 'not_started';
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly detail: string | null;
}

/** The file's text, null when it is not there. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** The file's document, null when it is not there. Only for files that are written in one step. */
export function readJson<T>(path: string): T | null {
  const text = readText(path);
  return text === null ? null : (JSON.parse(text) as T);
}

/** Complete or not at all, readable by its owner only. */
export function writeAtomically(path: string, text: string): void {
  const tmp = `${path}.${process.pid}.tmp`;
  writeFileSync(tmp, text, { mode: 0o600, flush: true });
  renameSync(tmp, path);
}

/** Complete, and only if it is not there: true for exactly one of all who try. */
export function writeOnce(path: string, text: string): boolean {
  const tmp = `${path}.${process.pid}.tmp`;
  writeFileSync(tmp, text, { mode: 0o600, flush: true });
  try {
    linkSync(tmp, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(tmp, { force: true });
  }
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | null)?.code));
}
