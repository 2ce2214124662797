import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryTiming {
  /** The wait before attempt n + 1, in ms, n from 1. */
  delayMs(attempt: number): number;
  /** Waits; returns early when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** Exponential from 100 ms to 5 s, each between half and the whole of it so that writers do not come back in step. */
export function createRetryTiming(random: () => number = Math.random): RetryTiming {
  return {
    delayMs: (attempt) => Math.min(5_000, 100 * 2 ** Math.min(attempt - 1, 10)) * (0.5 + random() / 2),
    async pause(ms, signal) {
      try {
        await sleep(ms, undefined, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}
