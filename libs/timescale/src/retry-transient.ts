import { classifyDatabaseError } from './classify-error.js';

const ATTEMPTS_MAX = 5;
const FIRST_WAIT_MS = 40;

/** Two transactions in each other's way: one of them was undone, and may simply be done again. */
const TRANSIENT = new Set(['40001', '40P01', '55P03']);

/**
 * Does it again, a few times, when the server undid it for the sake of another; after waits that grow and are drawn by
 * lot, so that the two do not meet again.
 */
export async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const { sqlState } = classifyDatabaseError(error);
      if (attempt === ATTEMPTS_MAX || sqlState === undefined || !TRANSIENT.has(sqlState)) throw error;
      const waitMs = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
