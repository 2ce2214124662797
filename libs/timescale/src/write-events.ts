import type { Database, Sql } from './database.js';
import { classifyDatabaseError } from './classify-error.js';
import { createEventPartitions, type EventPartitions } from './event-partitions.js';
import { insertEvents, type WritableEvent } from './queries/events_insert.js';
import { retryTransient } from './retry-transient.js';

export interface WriteResult {
  inserted: number;
  /** Were there already, or stood twice among the events. */
  duplicates: number;
  /** Absent where there are none. */
  tooOld?: TooOldEvents;
}

/** Events from before the watermark: they could have been there and been dropped, so they are not stored. */
export interface TooOldEvents {
  /** Positions among the events that were to be written. */
  indexes: number[];
  /** The watermark: RFC 3339, UTC. */
  retainedFrom: string;
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
 * to the commit was lost): writing the same again is always safe. Events from before the watermark are left
 * out, and named: with dropped raw data nobody can say whether they were counted.
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
    if (events.length === 0) return { inserted: 0, duplicates: 0 };
    const { inserted, retainedFromMs } = await insertEvents(sql, events, receivedAt);
    const tooOld = tooOldEvents(events, retainedFromMs);
    const decided = inserted + (tooOld?.indexes.length ?? 0);
    return { inserted, duplicates: events.length - decided, ...(tooOld && { tooOld }) };
  };
  if (within === undefined) return db.run(insert);
  return db.transaction(async (sql) => {
    const result = await insert(sql);
    await within(sql, result);
    return result;
  });
}

/** The same comparison as the insert's, of the same watermark. */
function tooOldEvents(events: readonly WritableEvent[], retainedFromMs: number): TooOldEvents | undefined {
  if (retainedFromMs === -Infinity) return undefined;
  const indexes: number[] = [];
  events.forEach(({ occurred_at }, index) => {
    if (Date.parse(occurred_at) < retainedFromMs) indexes.push(index);
  });
  return indexes.length === 0 ? undefined : { indexes, retainedFrom: new Date(retainedFromMs).toISOString() };
}
