const FIRST_MS = 100;
const DELAY_MS_MAX = 10_000;

/** How long to wait before a worker is replaced, after so many that died young one after the other (from 1). */
export const restartDelayMs = (deathsInARow: number): number =>
  Math.min(DELAY_MS_MAX, FIRST_MS * 2 ** Math.min(deathsInARow - 1, 16));
