import type { AcceptedEvent } from '@event-analytics/event-schema';
import { classifyDatabaseError } from './classify-error.js';
import type { Database } from './database.js';
import { makePartitions } from './queries/partitions_make.js';
import { recordedStorage, type StorageKind } from './storage.js';

const ATTEMPTS_MAX = 5;
const BACKOFF_MS = 50;
/** Locks taken by one transaction: each new partition is a table and two indexes. */
const MONTHS_PER_TRANSACTION = 24;
/** 1990 to 2089; past it the process asks the database again. */
const KNOWN_MONTHS_MAX = 1_200;

export interface MonthPartitions {
  /** Makes the months of the events that are not there. Nothing to do on TimescaleDB. */
  ensure(events: readonly AcceptedEvent[]): Promise<void>;
  /** Forgets what it knew to exist: somebody dropped a partition. */
  forget(): void;
}

/** One per pool; remembers the months that it saw. */
export function createMonthPartitions(db: Database): MonthPartitions {
  const known = new Set<string>();
  let storage: StorageKind | undefined;

  return {
    async ensure(events) {
      storage ??= await db.run(recordedStorage);
      if (storage === 'timescaledb') return;
      const missing = missingMonths(events);
      for (let at = 0; at < missing.length; at += MONTHS_PER_TRANSACTION) {
        const months = missing.slice(at, at + MONTHS_PER_TRANSACTION);
        await withRetries(() => makePartitions(db, months));
        if (known.size + months.length > KNOWN_MONTHS_MAX) known.clear();
        for (const month of months) known.add(month);
      }
    },
    forget: () => known.clear(),
  };

  /** `YYYY-MM`, in order. */
  function missingMonths(events: readonly AcceptedEvent[]): string[] {
    const months = new Set<string>();
    for (const { occurred_at } of events) {
      const month = occurred_at.slice(0, 7);
      if (!known.has(month)) months.add(month);
    }
    return [...months].sort();
  }
}

/** Others may hold a lock for a moment: tried again, a few times. */
async function withRetries(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || classifyDatabaseError(error).kind !== 'retryable') throw error;
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS * 2 ** attempt));
    }
  }
}
