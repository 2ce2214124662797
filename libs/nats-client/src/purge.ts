import type { NatsConnectionHandle } from './connection.js';
import { findConsumer } from './durable.js';
import type { StreamNames } from './names.js';
import { purgeAcknowledgedOf } from './purge-floor.js';
import { findStream } from './stream.js';

/**
 * Removes messages that were acknowledged and that a killed server kept all the same. To be called after every connect
 * and now and then. Returns how many were removed; does nothing without a connection, durable or stream.
 */
export async function purgeAcknowledged(nats: NatsConnectionHandle, names: StreamNames): Promise<number> {
  const session = nats.session();
  if (!session) return 0;
  const consumer = await findConsumer(session, names);
  const stream = await findStream(session, names.stream);
  if (!consumer || !stream) return 0;
  return purgeAcknowledgedOf(consumer, stream, session, names);
}
