import { createProbedBreaker, type BreakerState } from '@event-analytics/circuit-breaker';
import { isDatabaseAway } from '@event-analytics/timescale';

/** PostgreSQL does not answer, and was not asked. */
export class DatabaseAwayError extends Error {
  override readonly name = 'DatabaseAwayError';
}

export interface DatabaseBreaker {
  /** Runs what asks the database; rejects at once with DatabaseAwayError while that is known to be away. */
  run<T>(work: () => Promise<T>): Promise<T>;
  state(): BreakerState;
  close(): void;
}

/**
 * A circuit breaker around all statistics. A database that refuses connections or loses them opens it. One that is
 * silent cannot be told by that alone, since a statistic may take as long as its statement timeout: so while one takes
 * long, a small question is put beside it, and when that is not answered either, the database is away. Then nobody
 * goes on waiting for it. A statement that took too long never opens it.
 *
 * @param o.probe        a small question on a connection of its own, with a deadline of its own
 * @param o.onSilent     the probe was not answered: whoever still waits for the database waits in vain
 * @param o.patienceMs   how long a statistic may take before the small question is put, and between these
 */
export function createDatabaseBreaker(o: {
  probe: () => Promise<unknown>;
  onSilent: () => void;
  patienceMs: number;
  probeIntervalMs: number;
  onStateChange?: (state: 'open' | 'closed') => void;
}): DatabaseBreaker {
  const breaker = createProbedBreaker({
    opens: isDatabaseAway,
    refusal: () => new DatabaseAwayError('PostgreSQL does not answer; not asked'),
    probe,
    probeIntervalMs: o.probeIntervalMs,
    ...(o.onStateChange && { onStateChange: o.onStateChange }),
  });
  let underWay = 0;
  let looking: NodeJS.Timeout | undefined;

  return {
    async run(work) {
      underWay += 1;
      lookLater();
      try {
        return await breaker.run(work);
      } finally {
        underWay -= 1;
        if (underWay === 0) stopLooking();
      }
    },
    state: () => breaker.state(),
    close() {
      stopLooking();
      breaker.close();
    },
  };

  async function probe(): Promise<void> {
    try {
      await o.probe();
    } catch (error) {
      if (isDatabaseAway(error)) o.onSilent();
      throw error;
    }
  }

  function lookLater(): void {
    looking ??= setTimeout(() => void look(), o.patienceMs);
  }

  function stopLooking(): void {
    clearTimeout(looking);
    looking = undefined;
  }

  async function look(): Promise<void> {
    try {
      // While it is open its own probes are enough.
      if (breaker.state() === 'closed') await probe();
    } catch (error) {
      if (error instanceof Error) breaker.open(error);
    }
    stopLooking();
    if (underWay > 0) lookLater();
  }
}
