import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Host } from './host.ts';
import { LogWriter } from './log-file.ts';
import { type SandboxSpec, STDERR, STDOUT, sandboxCommand, sandboxScript } from './sandbox.ts';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The container could not be made; nothing of it ran. */
  readonly startError: string | null;
}

/** A container's process and everything it started. */
export class ContainerProcess {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ended: Promise<Ending>) {
    this.#child = child;
    this.ended = ended;
  }

  /** Resolves when the process runs, or could not be made (see `ended`). */
  static async start(host: Host, spec: SandboxSpec, logPath: string): Promise<ContainerProcess> {
    const pipes = [STDOUT, STDERR].map((name) => join(spec.folder, name));
    await promisify(execFile)('mkfifo', ['-m', '666', ...pipes]);
    const script = join(spec.folder, 'start.sh');
    writeFileSync(script, sandboxScript(host, spec), { mode: 0o700 });
    const log = new LogWriter(logPath);
    const streams = pipes.map((path, index) =>
      readPipe(path, (text) => log.write(index === 0 ? 'stdout' : 'stderr', text)),
    );
    const [program = '', ...args] = sandboxCommand(script);
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const ended = follow(child, streams, log);
    // Until then there is nothing to probe or to ask to end.
    const started = Promise.withResolvers<void>();
    child.stdout?.once('data', () => started.resolve());
    await Promise.race([started.promise, ended]);
    return new ContainerProcess(child, ended);
  }

  /** The first process of the container as this machine numbers it; 0 while it is being made or when it is gone. */
  pid(): number {
    const outer = this.#child.pid;
    try {
      return Number(readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim().split(' ')[0]);
    } catch {
      return 0;
    }
  }

  /** Reaches the first process only, which ignores what it has no handler for, as in any container. */
  terminate(): void {
    const pid = this.pid();
    if (pid > 1) signal(pid, 'SIGTERM');
  }

  /** Ends everything in the container. */
  kill(): void {
    const pid = this.pid();
    signal(pid > 1 ? pid : (this.#child.pid ?? 0), 'SIGKILL');
  }
}

interface PipeReader {
  /** Call when no writer is left: what was written before still arrives. */
  finish(): Promise<void>;
}

function readPipe(path: string, onText: (text: string) => void): PipeReader {
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // Keeps the pipe from ending before the container has opened it.
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: reader, readable: true, writable: false });
  socket.setEncoding('utf8').on('data', onText);
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  return {
    async finish() {
      closeSync(writer);
      await closed;
    },
  };
}

async function follow(child: ChildProcess, streams: readonly PipeReader[], log: LogWriter): Promise<Ending> {
  let said = '';
  let hasStarted = false;
  child.stdout?.once('data', () => {
    hasStarted = true;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ending = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('error', (error) => {
      said += error.message;
      resolve({ code: 128, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  for (const stream of streams) await stream.finish();
  log.close();
  if (!hasStarted) return { ...ending, startError: said.trim() || `the container could not be made (${ending.code})` };
  return wasKilled(said) ? { code: null, signal: 'SIGKILL', startError: null } : { ...ending, startError: null };
}

/**
 * unshare ends by the signal that ended its child; that of util-linux 2.38 fails to, says so and exits with 1. The
 * first process of a namespace is ended by no other signal than this.
 */
function wasKilled(said: string): boolean {
  return said.includes('sigprocmask unblock failed');
}

function signal(pid: number, what: NodeJS.Signals): void {
  try {
    if (pid > 1) process.kill(pid, what);
  } catch {
    // It ended in this moment.
  }
}
