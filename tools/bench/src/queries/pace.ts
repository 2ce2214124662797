import { setTimeout as sleep } from 'node:timers/promises';

const TICK_MS = 20;

/**
 * Writes what is due every 20 ms, as a writer does that lingers so long, until told that it is enough.
 * @returns how many events
 */
export async function atRate(
  perSecond: number,
  isEnough: (elapsedMs: number) => boolean,
  write: (events: number) => Promise<unknown>,
): Promise<number> {
  const beganMs = performance.now();
  let written = 0;
  for (;;) {
    const elapsedMs = performance.now() - beganMs;
    if (isEnough(elapsedMs)) return written;
    const due = Math.floor((elapsedMs / 1_000) * perSecond) - written;
    if (due > 0) {
      await write(due);
      written += due;
    }
    await sleep(Math.max(0, TICK_MS - (performance.now() - beganMs - elapsedMs)));
  }
}
