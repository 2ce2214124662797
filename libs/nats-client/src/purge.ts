import type { NatsConnectionHandle } from './connection.js';
import { findConsumer } from './durable.js';
import type { StreamNames } from './names.js';
import { findStream } from './stream.js';

/**
 * Removes acknowledged messages that a killed server kept. Everything up to the durable's ack floor was acknowledged,
 * unless the floor lies past the stream's end: then the stream lost its end, new messages get old numbers, and a purge
 * would delete what nobody has read. Returns how many messages were removed.
 */
export async function purgeAcknowledged(nats: NatsConnectionHandle, names: StreamNames): Promise<number> {
  const session = nats.session();
  if (!session) return 0;
  // Consumer before stream: a floor read first can never rightly be past the end read later.
  const consumer = await findConsumer(session, names);
  const stream = await findStream(session, names.stream);
  if (!consumer || !stream) return 0;
  const floor = consumer.ack_floor.stream_seq;
  const { first_seq: first, last_seq: last, messages } = stream.state;
  if (messages === 0 || floor < first || floor > last || consumer.delivered.stream_seq > last) return 0;
  // A durable older than its stream counts another stream's sequences.
  if (Date.parse(consumer.created) < Date.parse(stream.created)) return 0;
  const { purged } = await session.jsm.streams.purge(names.stream, { seq: floor + 1 });
  return purged;
}
