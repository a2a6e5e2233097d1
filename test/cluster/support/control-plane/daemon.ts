import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Daemon } from '../cluster-types.ts';

/** How a process of a cluster is started. One of the arguments names the cluster's folder; that is how it is recognised. */
export interface DaemonCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Answers true as soon as the process does its work; throwing means not yet. */
export type ReadyCheck = () => Promise<boolean>;

const POLL_MS = 50;
/** For a machine under load; a start takes seconds. */
const START_MS = 180_000;
const END_MS = 30_000;

/** The process stopped by itself while it was waited for. */
export class EndedEarly extends Error {
  override readonly name = 'EndedEarly';
}

/**
 * A long-running process whose command, process id and log are files in the cluster's folder, so that any process of the test
 * run can steer it.
 */
export function daemonAt(
  home: string,
  name: string,
  isReady: ReadyCheck,
): Daemon & { start(command: DaemonCommand): Promise<void> } {
  const commandFile = join(home, `${name}.command.json`);
  const daemon = {
    pid: () => pidOf(home, name),
    isRunning: () => isOurs(home, pidOf(home, name)),
    async start(command: DaemonCommand) {
      writeFileSync(commandFile, JSON.stringify(command));
      await daemon.restart();
    },
    async kill() {
      const pid = pidOf(home, name);
      signal(home, name, 'SIGKILL');
      await until(END_MS, `${name} does not end`, async () => !daemon.isRunning() && isGone(pid));
    },
    async restart() {
      await daemon.kill();
      launch(home, name, JSON.parse(readFileSync(commandFile, 'utf8')) as DaemonCommand);
      await until(START_MS, `${name} does not become ready: ${join(home, `${name}.log`)}`, async () => {
        if (!daemon.isRunning()) throw new EndedEarly(`${name} ended:\n${logTail(home, name)}`);
        return isReady().catch(() => false);
      });
    },
    pause() {
      signal(home, name, 'SIGSTOP');
      waitUntilStopped(pidOf(home, name));
    },
    resume: () => signal(home, name, 'SIGCONT'),
  };
  return daemon;
}

/** SIGKILL without waiting, for the way out of a process. */
export function killNow(home: string, name: string): void {
  signal(home, name, 'SIGKILL');
}

/** Polls until it is true; throws after `timeoutMs`. Errors of the check are final. */
export async function until(timeoutMs: number, otherwise: string, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(otherwise);
    await delay(POLL_MS);
  }
}

function launch(home: string, name: string, { command, args, env }: DaemonCommand): void {
  const log = openSync(join(home, `${name}.log`), 'a');
  try {
    const child = spawn(command, args, {
      cwd: home,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env },
      stdio: ['ignore', log, log],
      // A session of its own: Ctrl-C reaches the test run only, which then ends it in order.
      detached: true,
    });
    child.once('error', () => undefined);
    child.unref();
    writeFileSync(join(home, `${name}.pid`), String(child.pid ?? 0));
  } finally {
    closeSync(log);
  }
}

function signal(home: string, name: string, what: NodeJS.Signals): void {
  const pid = pidOf(home, name);
  if (isOurs(home, pid)) process.kill(pid, what);
}

/** A process of many threads goes on for a moment: until the last one has taken notice, it may still answer. */
function waitUntilStopped(pid: number): void {
  const end = Date.now() + END_MS;
  while (hasRunningThread(pid) && Date.now() < end) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

const hasRunningThread = (pid: number): boolean => hasThread(pid, /[^TtZX]/);

/**
 * Whether nothing is left of it but its number. A process that is killed has no arguments any more while its sockets are
 * still open: a server that is started again at once would find its port taken.
 */
const isGone = (pid: number): boolean => pid <= 1 || !hasThread(pid, /[^ZX]/);

/** Whether a thread of the process is in one of these states, which are letters. */
function hasThread(pid: number, states: RegExp): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      // The state is the first word after the name, which stands in brackets.
      return states.test(stat.charAt(stat.lastIndexOf(')') + 2));
    });
  } catch {
    // It ended, or one of its threads did while we looked.
    return existsSync(`/proc/${pid}`);
  }
}

/** 0 when it was never started. */
function pidOf(home: string, name: string): number {
  try {
    return Number(readFileSync(join(home, `${name}.pid`), 'utf8'));
  } catch {
    return 0;
  }
}

/** Whether the number still belongs to a process of this cluster: numbers are used again, and the dead have no arguments. */
function isOurs(home: string, pid: number): boolean {
  if (pid <= 1) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(home);
  } catch {
    return false;
  }
}

function logTail(home: string, name: string): string {
  return readFileSync(join(home, `${name}.log`), 'utf8').slice(-4_000);
}

/** Forgets a process that was ended for good. */
export function forget(home: string, name: string): void {
  rmSync(join(home, `${name}.pid`), { force: true });
}
