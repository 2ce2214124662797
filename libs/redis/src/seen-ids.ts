import type { RedisConnection } from './connection.js';
import { redisFailureCode, type RedisFailureCode } from './errors.js';
import { loadScript } from './script.js';

export interface SeenIds {
  /** For each id, in order: was it marked done in this very stream? All false when Redis can't say. */
  seen(ids: readonly string[], streamEpoch: string): Promise<boolean[]>;
  /** Remembers ids whose events are durably in the stream. Never rejects: a mark lost costs nothing. */
  markDone(ids: readonly string[], streamEpoch: string): Promise<void>;
}

/**
 * Remembers which event ids are done: `{keyPrefix}done:{id}` → creation time of the stream they went to.
 *
 * A fast path only: PostgreSQL decides what counts. So nothing here fails a request. A mark made for another
 * stream doesn't count, else a stream lost and made anew would turn retries into false duplicates.
 *
 * Each method is one round trip. Redis Cluster needs a prefix with a hash tag, e.g. `{ea}:`.
 *
 * @param o.ttlSeconds  how long a mark is remembered at most
 * @param o.onFailure   a call that brought nothing; for metrics
 */
export function createSeenIds(
  redis: RedisConnection,
  o: {
    keyPrefix: string;
    ttlSeconds: number;
    onFailure?: (operation: 'seen' | 'mark', code: RedisFailureCode) => void;
  },
): SeenIds {
  const markDone = loadScript(new URL('./mark_done-n.lua', import.meta.url));
  const keyOf = (id: string) => `${o.keyPrefix}done:${id}`;

  return {
    async seen(ids, streamEpoch) {
      if (ids.length === 0) return [];
      try {
        const marks = await redis.run((client) => client.mget(ids.map(keyOf)));
        return marks.map((mark) => mark === streamEpoch);
      } catch (error) {
        o.onFailure?.('seen', redisFailureCode(error));
        return ids.map(() => false);
      }
    },

    async markDone(ids, streamEpoch) {
      if (ids.length === 0) return;
      try {
        await redis.run((client) => markDone(client, ids.map(keyOf), [streamEpoch, o.ttlSeconds]));
      } catch (error) {
        o.onFailure?.('mark', redisFailureCode(error));
      }
    },
  };
}
