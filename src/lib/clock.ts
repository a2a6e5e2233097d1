/** Milliseconds since the epoch. Pure steps take the number; only the edge asks a clock. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
