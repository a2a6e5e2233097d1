import { performance } from 'node:perf_hooks';
import { type Clock, systemClock } from '../../lib/clock.ts';

/** Milliseconds that only grow, from an arbitrary beginning. */
export type MonotonicClock = () => number;

/**
 * Goes on while the process is stopped (SIGSTOP, a frozen container), which is when it matters. It stands still while
 * the whole machine sleeps; the wall clock does not, so the larger of both counts. A wall clock that is set forward then
 * looks like time that passed: whoever leads steps down early, which is safe, and leads again with its next renewal.
 */
export function createMonotonicClock(
  sinceStart: () => number = () => performance.now(),
  wall: Clock = systemClock,
): MonotonicClock {
  let at = 0;
  let steady = sinceStart();
  let shown = wall();
  return () => {
    const [steadyNow, shownNow] = [sinceStart(), wall()];
    at += Math.max(0, steadyNow - steady, shownNow - shown);
    steady = steadyNow;
    shown = shownNow;
    return at;
  };
}
