import type { JobExit, JobState, Observed } from '../../engine.ts';
import { parseResult, type RunResult } from '../../result.ts';
import type { CodeRun } from '../../schema.ts';
import { type ChildFile, type ExitFile, type LockFile, type RunFolder, readJson, readText } from './folder.ts';
import { readOutput } from './output.ts';
import { processStart, remainsOf } from './processes.ts';

/** How much of a failed run's output is looked at for its cause, in bytes. */
const TAIL_BYTES = 16_384;

/** The facts about one run, read from its folder and the process table. `redact` takes secrets out of what is told. */
export function observeRun(codeRun: CodeRun, folder: RunFolder, redact: (text: string) => string): Observed {
  const fileSet = readText(folder.fileSet);
  const expiry = readText(folder.tokenExpiry);
  return {
    fileSet,
    hasRemains: fileSet !== null,
    credentialsExpireAt: expiry === null ? null : Number(expiry),
    job: jobState(codeRun, folder, redact),
  };
}

function jobState(codeRun: CodeRun, folder: RunFolder, redact: (text: string) => string): JobState {
  const { name } = codeRun;
  const lock = readJson<LockFile>(folder.lock);
  if (lock === null) return { state: 'none' };
  const isAlive = isSupervised(lock);
  // Asked after the supervisor was looked at: it leaves its word before it goes.
  const exit = readJson<ExitFile>(folder.exit);
  if (exit !== null) return { state: 'exited', name, exit: jobExit(exit, folder, redact) };
  if (isAlive) return { state: 'running', name, startedAt: lock.startedAt };
  return {
    state: 'lost',
    name,
    detail: 'The process that supervised the run is gone (killed, or the machine was restarted).',
    hasLeftovers: leftovers(codeRun, folder).length > 0,
  };
}

/** Whether the process that took the lock lives; not a later one that was given the same number. */
export function isSupervised(lock: LockFile): boolean {
  return processStart(lock.pid) === lock.start;
}

/** What is alive of a run, its supervisor aside. */
export function leftovers(codeRun: CodeRun, folder: RunFolder): readonly number[] {
  const supervisor = readJson<LockFile>(folder.lock)?.pid;
  const alive = remainsOf(codeRun.uid, readJson<ChildFile>(folder.child)?.pid ?? null);
  return alive.filter((pid) => pid !== supervisor);
}

/** Whether something still works in the folder; a supervisor that has left its word only has to go. */
export function isInUse(codeRun: CodeRun, folder: RunFolder): boolean {
  const lock = readJson<LockFile>(folder.lock);
  if (lock === null) return false;
  return (readText(folder.exit) === null && isSupervised(lock)) || leftovers(codeRun, folder).length > 0;
}

function jobExit(exit: ExitFile, folder: RunFolder, redact: (text: string) => string): JobExit {
  const result = parseResult(readText(folder.result));
  return {
    ...exit,
    result: result === null ? null : redacted(result, redact),
    outputTail: exit.code === 0 ? '' : redact(readOutput(folder.output, TAIL_BYTES) ?? ''),
  };
}

function redacted({ report, summary, ...rest }: RunResult, redact: (text: string) => string): RunResult {
  return {
    ...rest,
    summary: redact(summary),
    report: report === null ? null : { ...report, summary: redact(report.summary) },
  };
}
