import type { Database } from '../database.js';
import { partitionsAhead } from '../event-partitions.js';
import { makePartitions } from '../queries/partitions_make.js';
import { retryTransient } from '../retry-transient.js';
import { recordedStorage } from '../storage.js';

/**
 * Makes the partitions of the current month and the next two (on TimescaleDB, chunks of 28 days), where
 * missing, so that live events find theirs. Safe to run at once from any number of processes.
 */
export async function makePartitionsAhead(db: Database, { nowMs }: { nowMs: number }): Promise<void> {
  const storage = await db.run(recordedStorage);
  if (storage === undefined) return; // Not migrated.
  await retryTransient(() => makePartitions(db, partitionsAhead(storage, nowMs)));
}
