import { setTimeout as sleep } from 'node:timers/promises';

export interface Backoff {
  /** The next delay in ms: between half and the whole of minMs · 2^n, at most maxMs. */
  nextMs(): number;
  reset(): void;
}

/** Exponential delays with jitter, so that many clients do not come back in step. */
export function createBackoff(o: { minMs: number; maxMs: number; random?: () => number }): Backoff {
  const random = o.random ?? Math.random;
  let attempt = 0;
  return {
    nextMs() {
      const ceilingMs = Math.min(o.maxMs, o.minMs * 2 ** Math.min(attempt, 30));
      attempt += 1;
      return Math.round(ceilingMs * (0.5 + random() / 2));
    },
    reset() {
      attempt = 0;
    },
  };
}

/** Waits; an abort ends the wait early and silently: callers look at their signal anyway. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
