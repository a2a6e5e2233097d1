/*
 * The process that stands between Healer and one run: `node supervisor.js <run folder>`. It outlives Healer, so that a
 * run goes on, keeps to its deadline and leaves word of its end whatever happens to the process that started it.
 *
 *   take the lock (or leave: somebody else has started this run) → start the job in a process group of its own
 *   → deadline, or SIGTERM with a stop file, or the job's own end → end the whole group → exit.json
 *
 * Its environment is the job's environment; it reads nothing of it itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ExitFile,
  type JobFile,
  type LockFile,
  type RunFolder,
  readJson,
  runFolder,
  type StopFile,
  writeAtomically,
  writeOnce,
} from './folder.ts';
import { openOutputLog } from './output.ts';
import { processesOf, processStart, signalAll } from './processes.ts';

/** Between two looks at whether the group has gone. */
const LOOK_MS = 25;
/** How long killed processes may take to go, and pipes to run dry. */
const KILLED_MS = 5000;
const DRAIN_MS = 500;
/** Timers cannot be set further ahead; a run of more than 24 days is not meant. */
const MAX_TIMER_MS = 2 ** 31 - 1;

async function main(folder: RunFolder): Promise<void> {
  const job = readJson<JobFile>(folder.job);
  if (job === null) throw new Error(`${folder.job} is missing`);
  let stopCause: ExitFile['cause'] | null = null;
  const stopSignals = Promise.withResolvers<void>();
  const stop = (cause: ExitFile['cause']): void => {
    stopCause ??= cause;
    stopSignals.resolve();
  };
  // Before the lock: once it is there, Healer may send signals.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => stop(readJson<StopFile>(folder.stop)?.why ?? 'terminated'));
  }
  process.on('SIGHUP', () => {});

  const startedAt = Date.now();
  const lock: LockFile = { pid: process.pid, start: processStart(process.pid) ?? '', startedAt };
  if (!writeOnce(folder.lock, JSON.stringify(lock))) return;

  const end = await run(folder, job, stop, stopSignals.promise);
  rmSync(folder.secrets, { recursive: true, force: true });
  const cause = end.detail !== null ? 'not_started' : (stopCause ?? 'completed');
  const exit: ExitFile = { ...end, cause, startedAt, finishedAt: Date.now() };
  writeAtomically(folder.exit, JSON.stringify(exit));
}

type End = Pick<ExitFile, 'code' | 'signal' | 'detail'>;

async function run(
  folder: RunFolder,
  job: JobFile,
  stop: (cause: ExitFile['cause']) => void,
  stopped: Promise<void>,
): Promise<End> {
  const output = openOutputLog(folder.output, job.output);
  const [program, ...parameters] = job.command;
  const child = spawn(program, parameters, { cwd: folder.work, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = endOf(child, program);
  if (child.pid !== undefined) writeAtomically(folder.child, JSON.stringify({ pid: child.pid }));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Uint8Array) => output.write(chunk));
    stream.on('error', () => {});
  }

  const deadline = setTimeout(() => stop('deadline'), Math.min(job.deadlineMs, MAX_TIMER_MS));
  const isStopped = await Promise.race([ended.then(() => false), stopped.then(() => true)]);
  clearTimeout(deadline);
  // A run that ended by itself has nothing to say any more; one that is stopped may put things in order.
  await endGroup(job, child.pid ?? null, isStopped ? job.graceMs : 0);
  const end = await ended;
  await Promise.race([closed, sleep(DRAIN_MS)]);
  child.stdout.destroy();
  child.stderr.destroy();
  output.finish();
  return end;
}

function endOf(child: ChildProcess, program: string): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      resolve({ code: null, signal: null, detail: `${program} could not be started: ${error.message}` });
    });
    child.once('exit', (code, signal) => resolve({ code, signal, detail: null }));
  });
}

/** Ends every process of the run: SIGTERM and `graceMs` of patience, then SIGKILL. */
async function endGroup(job: JobFile, group: number | null, graceMs: number): Promise<void> {
  if (group === null) return;
  if (graceMs > 0) {
    signalAll(processesOf(job.uid, group), 'SIGTERM');
    if (await isGone(job, group, graceMs)) return;
  }
  signalAll(processesOf(job.uid, group), 'SIGKILL');
  await isGone(job, group, KILLED_MS);
}

async function isGone(job: JobFile, group: number, patienceMs: number): Promise<boolean> {
  const until = Date.now() + patienceMs;
  while (processesOf(job.uid, group).length > 0) {
    if (Date.now() >= until) return false;
    await sleep(LOOK_MS);
  }
  return true;
}

await main(runFolder(process.argv[2] ?? ''));
