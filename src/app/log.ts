import { type Logger, pino } from 'pino';
import type { Step } from '../remediate/machine.ts';
import { openGate } from '../safety/index.ts';
import type { Settings } from './settings.ts';

export type Log = Logger;

/** JSON lines with constant messages; what varies is a field. */
export function createLog(
  level: Settings['logLevel'],
  destination?: NodeJS.WritableStream,
  /** Values of our own settings, which must not be logged. */
  secrets: readonly string[] = [],
): Log {
  const gate = openGate(secrets);
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }), log: gate.deep<Record<string, unknown>> },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, writerTo(destination));
}

/** What is held for a reader that does not read; more than that is dropped, so that nobody waits for it. Bytes. */
const MAX_HELD = 8 * 1024 * 1024;

/** A file or a pipe is written beside the work, not before it: a slow reader of the log must not slow down senders. */
function writerTo(destination: NodeJS.WritableStream | undefined): pino.DestinationStream {
  const { fd = destination === undefined ? 1 : null } = (destination ?? {}) as { readonly fd?: number };
  if (fd === null) return inBatches(destination as NodeJS.WritableStream);
  return pino.destination({ dest: fd, sync: false, maxLength: MAX_HELD });
}

/** What is to be written before the process ends, whatever ends it. */
const flushes = new Set<() => void>();
process.once('exit', () => {
  for (const flush of flushes) flush();
});

/** Lines written at once, in characters. */
const MAX_BATCH = 64 * 1024;

/** One write for all lines of a turn of the loop: a system call for each costs more than making the line. */
function inBatches(destination: NodeJS.WritableStream): pino.DestinationStream {
  let lines = '';
  const flush = (): void => {
    const batch = lines;
    lines = '';
    if (batch !== '') destination.write(batch);
  };
  flushes.add(flush);
  return {
    write: (line) => {
      if (lines === '') setImmediate(flush);
      lines += line;
      if (lines.length > MAX_BATCH) flush();
    },
  };
}

/** One line for each thing that happened to a remediation. */
export function logSteps(log: Log): (step: Step) => void {
  return ({ before, after, entries }) => {
    for (const entry of entries) {
      log.info(
        {
          remediation: after.id,
          task: after.taskId,
          repository: after.repository,
          branch: after.branch,
          from: before?.phase ?? null,
          to: after.phase,
          event: entry.event,
          agent: after.agent,
          detail: entry.message,
        },
        'remediation moved',
      );
    }
  };
}
