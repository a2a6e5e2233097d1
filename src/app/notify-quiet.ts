import { isAtLeast, type Severity } from '../model/notice.ts';

export interface QuietHours {
  /** `22:00`; without both, no hour is quiet. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly timeZone: string;
  /** What is at least so severe passes. */
  readonly passes: Severity;
}

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;
const LOOK_AGAIN_MS = 15 * MINUTE;

/**
 * Until when something of that severity has to wait, milliseconds since the epoch; null when it may be told now. A night
 * in which the clocks change is an hour shorter or longer, as people's own.
 */
export function quietUntil(quiet: QuietHours, severity: Severity, now: number): number | null {
  const { from, to, timeZone, passes } = quiet;
  if (from === undefined || to === undefined || from === to || isAtLeast(severity, passes)) return null;
  const [start, end] = [minutes(from), minutes(to)];
  const isQuiet = (time: number): boolean => {
    const at = minuteOfDay(time, timeZone);
    return start < end ? at >= start && at < end : at >= start || at < end;
  };
  if (!isQuiet(now)) return null;
  const left = (end - minuteOfDay(now, timeZone) + DAY_MINUTES) % DAY_MINUTES;
  const guess = now - (now % MINUTE) + left * MINUTE;
  // The change of the clocks in between moves the end, or takes its hour away.
  const off = ((minuteOfDay(guess, timeZone) - end + DAY_MINUTES * 1.5) % DAY_MINUTES) - DAY_MINUTES / 2;
  return [guess - off * MINUTE, guess].find((time) => time > now && !isQuiet(time)) ?? now + LOOK_AGAIN_MS;
}

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(':').map(Number);
  return hours * 60 + rest;
}

function minuteOfDay(now: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return minutes(format.format(now));
}
