import { namesOf, type NatsConnectionHandle, type StreamNames } from '@event-analytics/nats-client';

/** How many deliveries there were of messages that had been delivered before, to whichever writer, ever. */
export async function redeliveries(nats: NatsConnectionHandle, names: StreamNames): Promise<number> {
  const { jsm, connection } = await nats.whenConnected();
  const { created } = await jsm.streams.info(names.stream);
  const { durable } = namesOf(names, created, connection.info?.server_id);
  const { delivered } = await jsm.consumers.info(names.stream, durable);
  // Deliveries, and the messages that were delivered: a work queue delivers each, in their order.
  return delivered.consumer_seq - delivered.stream_seq;
}
