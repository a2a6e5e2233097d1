import { setTimeout as delay } from 'node:timers/promises';
import type { PodOrder } from '../cluster-types.ts';
import type { Ending } from './container-process.ts';
import { LogWriter } from './log-file.ts';

/** A started container, real or pretended. */
export interface Running {
  readonly ended: Promise<Ending>;
  pid(): number;
  terminate(): void;
  kill(): void;
}

/** A container without a process, which ends as it was told. */
export function pretend(order: Extract<PodOrder, { kind: 'pretend' }>, logPath: string): Running {
  const log = new LogWriter(logPath);
  if (order.log !== undefined) log.write('stdout', order.log);
  log.close();
  const stop = new AbortController();
  const ended = delay(order.runMs ?? 0, undefined, { signal: stop.signal }).then(
    (): Ending => ({ code: order.exitCode ?? 0, signal: null, startError: null }),
    (): Ending => ({ code: null, signal: 'SIGKILL', startError: null }),
  );
  return { ended, pid: () => 0, terminate: () => stop.abort(), kill: () => stop.abort() };
}

/** Numbers of the signals that end containers, for 128 + n. */
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** The exit code as container runtimes report it. */
export function exitCodeOf({ code, signal, startError }: Ending): number {
  if (startError !== null) return 128;
  return code ?? 128 + (SIGNALS[signal ?? ''] ?? 0);
}
