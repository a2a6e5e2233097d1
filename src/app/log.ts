import { type Logger, pino } from 'pino';
import type { Step } from '../remediate/machine.ts';
import type { Settings } from './settings.ts';

export type Log = Logger;

/** JSON lines with constant messages; what varies is a field. */
export function createLog(level: Settings['logLevel'], destination?: NodeJS.WritableStream): Log {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination === undefined ? pino(options) : pino(options, destination as pino.DestinationStream);
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
