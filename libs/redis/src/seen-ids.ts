import { createHash } from 'node:crypto';
import type { RedisConnection } from './connection.js';
import { redisFailureCode, type RedisFailureCode } from './errors.js';
import { packIds } from './pack-ids.js';
import { loadScript } from './script.js';
import { shareRoundTrips } from './share-round-trips.js';

export interface SeenIds {
  /** For each id, in order: was it marked done in this very stream? All false when Redis can't say. */
  seen(ids: readonly string[], streamEpoch: string): Promise<boolean[]>;
  /** Remembers ids whose events are durably in the stream. Never rejects: a mark lost costs nothing. */
  markDone(ids: readonly string[], streamEpoch: string): Promise<void>;
}

type Ids = readonly string[];

const IDS_PER_GROUP_MAX = 500;
const EPOCH_CHARACTERS = 11;
const MARKED = '1'.charCodeAt(0);

/**
 * Remembers which event ids are done, a key each: `{keyPrefix}done:{stream}:{id}`, where {stream} is a digest of the
 * creation time of the stream they went to, and {id} the 16 bytes of the UUID (in lower case; else it is a RangeError).
 *
 * A fast path only: PostgreSQL decides what counts. So nothing here fails a request. A mark made for another
 * stream doesn't count, else a stream lost and made anew would turn retries into false duplicates.
 *
 * Calls that come together share one round trip. Redis Cluster needs a prefix with a hash tag, e.g. `{ea}:`.
 *
 * @param o.ttlSeconds  how long a mark is remembered at most
 * @param o.onFailure   a round trip that brought nothing; for metrics
 */
export function createSeenIds(
  redis: RedisConnection,
  o: {
    keyPrefix: string;
    ttlSeconds: number;
    onFailure?: (operation: 'seen' | 'mark', code: RedisFailureCode) => void;
  },
): SeenIds {
  const seenIds = loadScript(new URL('./seen_ids-1.lua', import.meta.url));
  const markDone = loadScript(new URL('./mark_done-1.lua', import.meta.url));
  let stream = inStream('');

  return {
    async seen(ids, streamEpoch) {
      return ids.length === 0 ? [] : await of(streamEpoch).seen(ids);
    },
    async markDone(ids, streamEpoch) {
      if (ids.length > 0) await of(streamEpoch).markDone(ids);
    },
  };

  /** Those who speak of another stream don't share a round trip. */
  function of(streamEpoch: string): ReturnType<typeof inStream> {
    if (stream.epoch !== streamEpoch) stream = inStream(streamEpoch);
    return stream;
  }

  function inStream(epoch: string) {
    const digest = createHash('sha256').update(epoch).digest('base64url').slice(0, EPOCH_CHARACTERS);
    const keyBegins = `${o.keyPrefix}done:${digest}:`;
    const shared = { sizeOf: (ids: Ids) => ids.length, maxSize: IDS_PER_GROUP_MAX };
    return {
      epoch,
      seen: shareRoundTrips<Ids, boolean[]>({ ...shared, run: (lists) => runSeen(lists, keyBegins) }),
      markDone: shareRoundTrips<Ids, void>({ ...shared, run: (lists) => runMark(lists, keyBegins) }),
    };
  }

  async function runSeen(lists: readonly Ids[], keyBegins: string): Promise<boolean[][]> {
    const packed = packIds(lists);
    try {
      const marks = String(await redis.run((client) => seenIds(client, [keyBegins], [packed])));
      let next = 0;
      return lists.map((ids) => ids.map(() => marks.charCodeAt(next++) === MARKED));
    } catch (error) {
      o.onFailure?.('seen', redisFailureCode(error));
      return lists.map((ids) => ids.map(() => false));
    }
  }

  async function runMark(lists: readonly Ids[], keyBegins: string): Promise<void[]> {
    const packed = packIds(lists);
    try {
      await redis.run((client) => markDone(client, [keyBegins], [packed, o.ttlSeconds]));
    } catch (error) {
      o.onFailure?.('mark', redisFailureCode(error));
    }
    return lists.map(() => undefined);
  }
}
