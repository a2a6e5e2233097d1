const DAY = 86_400_000;

/**
 * An outcome counts half as much after this time. The models behind agents, and what a repository is built with,
 * change within a few months: after a quarter an outcome has an eighth of its weight.
 */
export const HALF_LIFE_MS = 30 * DAY;

/** Older than this an outcome weighs less than a sixty-fourth, and is not read. */
export const HORIZON_MS = 6 * HALF_LIFE_MS;

/** 1 for now, one half after each half-life; never more than 1, also for a clock that was put right. */
export function ageWeight(at: number, now: number): number {
  return 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS);
}
