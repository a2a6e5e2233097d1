import type { Clock } from '../../src/lib/clock.ts';

/** A clock that moves only when a test says so. */
export interface FakeClock {
  readonly now: Clock;
  /** Moves by `ms` (backwards when negative) and returns the new time. */
  advance(ms: number): number;
  set(at: number): void;
}

/** A Thursday noon in 2026; any fixed time would do. */
export const NOON = Date.UTC(2026, 0, 1, 12);

export function fakeClock(start: number = NOON): FakeClock {
  let at = start;
  return {
    now: () => at,
    advance: (ms) => {
      at += ms;
      return at;
    },
    set: (time) => {
      at = time;
    },
  };
}
