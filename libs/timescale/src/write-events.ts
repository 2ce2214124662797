import type { Database, Sql } from './database.js';
import { classifyDatabaseError } from './classify-error.js';
import { createEventPartitions, type EventPartitions } from './event-partitions.js';
import { insertEvents, type WritableEvent } from './queries/events_insert.js';
import { retryTransient } from './retry-transient.js';

export interface WriteResult {
  inserted: number;
  /** Were there already, or stood twice among the events. */
  duplicates: number;
}

export interface WriteOptions {
  /**
   * Runs in the write's transaction, after the insert: what it writes is there exactly when the events
   * are. Runs again when the transaction had to be done again.
   */
  within?: (tx: Sql, result: WriteResult) => Promise<void>;
  /** When the service took those events that do not say it themselves (RFC 3339); default: now by this clock. */
  receivedAt?: string;
}

const partitionsOf = new WeakMap<Database, EventPartitions>();

/**
 * Stores events, each (event_id, occurred_at) once for ever: of equal ones the first wins. All or
 * nothing, durable when it resolves. Whether a rejected write was stored can be unknown (the answer
 * to the commit was lost): writing the same again is always safe.
 * @param events of a size the caller bounds; 5,000 to 10,000 a call are fastest
 * @throws what the server or driver throws (see classifyDatabaseError), and what `within` throws
 */
export async function writeEvents(
  db: Database,
  events: readonly WritableEvent[],
  options: WriteOptions = {},
): Promise<WriteResult> {
  let partitions = partitionsOf.get(db);
  if (partitions === undefined) {
    partitions = createEventPartitions(db);
    partitionsOf.set(db, partitions);
  }
  await partitions.ensure(events);
  try {
    return await retryTransient(() => write(db, events, options));
  } catch (error) {
    if (classifyDatabaseError(error).sqlState !== '23514') throw error;
    // A partition that was known is gone (dropped, or the database restored). Once more, from scratch.
    partitions.forget();
    await partitions.ensure(events);
    return await retryTransient(() => write(db, events, options));
  }
}

/** A single statement is a transaction of its own, at a third of the round trips. */
function write(db: Database, events: readonly WritableEvent[], options: WriteOptions): Promise<WriteResult> {
  const { within, receivedAt = new Date().toISOString() } = options;
  const insert = async (sql: Sql): Promise<WriteResult> => {
    const inserted = events.length === 0 ? 0 : await insertEvents(sql, events, receivedAt);
    return { inserted, duplicates: events.length - inserted };
  };
  if (within === undefined) return db.run(insert);
  return db.transaction(async (sql) => {
    const result = await insert(sql);
    await within(sql, result);
    return result;
  });
}
