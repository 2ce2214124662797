import { classifyDatabaseError } from './classify-error.js';
import type { Database } from './database.js';
import { createEventPartitions, type EventPartitions } from './event-partitions.js';
import { createOptimism, type Optimism } from './optimism.js';
import type { WritableEvent } from './queries/events_insert.js';
import { retryTransient } from './retry-transient.js';

/** What is remembered of a database, and what its last writes were like. */
interface Remembered {
  partitions: EventPartitions;
  optimism: Optimism;
}

/** One is there, or stands twice among them; or a COPY was refused, and what it was refused for is yet to be told. */
const REFUSED = new Set(['23505', '25P02']);

const rememberedOf = new WeakMap<Database, Remembered>();

/**
 * Has a write done that is all or nothing, as often as it takes: after its partitions were made, first as though none
 * of the events were there, again where the server undid it for the sake of another.
 * @param write is not to suppose that all is new unless it is told that they are `unseen`
 */
export async function attemptWrite<T>(
  db: Database,
  events: readonly WritableEvent[],
  write: (o: { unseen: boolean }) => Promise<T>,
): Promise<T> {
  let remembered = rememberedOf.get(db);
  if (remembered === undefined) {
    remembered = { partitions: createEventPartitions(db), optimism: createOptimism() };
    rememberedOf.set(db, remembered);
  }
  const { partitions, optimism } = remembered;
  await partitions.ensure(events);
  try {
    return await attemptOnce(optimism, write);
  } catch (error) {
    if (classifyDatabaseError(error).sqlState !== '23514') throw error;
    // A partition that was known is gone (dropped, or the database restored). Once more, from scratch.
    partitions.forget();
    await partitions.ensure(events);
    return await attemptOnce(optimism, write);
  }
}

/**
 * Mostly nothing is there yet, for the gateway knows what was sent before. PostgreSQL decides all the same: it refuses
 * a write that was supposed to be new and is not, and then does it row by row.
 */
async function attemptOnce<T>(optimism: Optimism, write: (o: { unseen: boolean }) => Promise<T>): Promise<T> {
  if (optimism.justified()) {
    try {
      const result = await retryTransient(() => write({ unseen: true }));
      optimism.learn(true);
      return result;
    } catch (error) {
      if (!REFUSED.has(classifyDatabaseError(error).sqlState ?? '')) throw error;
      optimism.learn(false);
    }
  }
  return await retryTransient(() => write({ unseen: false }));
}
