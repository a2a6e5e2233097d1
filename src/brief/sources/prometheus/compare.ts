/** One figure at three times; null where the query gave no number. */
export interface Reading {
  readonly now: number | null;
  readonly hourBefore: number | null;
  readonly dayBefore: number | null;
}

/**
 * `spike`: at least twice as much as at every earlier time that is known. `rise`: than at one of them only, so it may be
 * the time of day. `drop`: at most half of each. `unknown`: nothing to compare with.
 */
export type Change = 'spike' | 'rise' | 'steady' | 'drop' | 'unknown' | 'no_data';

/** So many times as much is a change that is no accident of the window. */
const FACTOR = 2;

/** Judges by numbers alone. Below `floor` nothing is a spike, however much it grew: 0.2 % of errors is twice 0.1 %. */
export function compare({ now, hourBefore, dayBefore }: Reading, floor: number): Change {
  if (now === null) return 'no_data';
  const before = [hourBefore, dayBefore].filter((value) => value !== null);
  if (before.length === 0) return 'unknown';
  const grew = before.filter((value) => now >= value * FACTOR);
  if (now >= floor && grew.length === before.length) return 'spike';
  if (now >= floor && grew.length > 0) return 'rise';
  const highest = Math.max(...before);
  if (highest >= floor && before.every((value) => now * FACTOR <= value)) return 'drop';
  return 'steady';
}
