import type { NatsConnectionHandle } from './connection.js';
import { durableOf, findConsumer } from './durable.js';
import type { StreamNames } from './names.js';
import { purgeLimit } from './purge-floor.js';
import { findStream } from './stream.js';

/**
 * Removes messages that were acknowledged and that a killed server kept all the same. To be called after every connect
 * and now and then. Returns how many were removed; does nothing without a connection, durable or stream.
 */
export async function purgeAcknowledged(nats: NatsConnectionHandle, names: StreamNames): Promise<number> {
  const session = nats.session();
  if (!session) return 0;
  const found = await findStream(session, names.stream);
  if (!found) return 0;
  // Consumer before stream: what it has acknowledged, the stream then has had.
  const consumer = await findConsumer(session, durableOf(session, names, found));
  const stream = await findStream(session, names.stream);
  if (!consumer || stream?.created !== found.created) return 0;
  const seq = purgeLimit(consumer, stream);
  if (seq === undefined) return 0;
  const { purged } = await session.jsm.streams.purge(names.stream, { seq });
  return purged;
}
