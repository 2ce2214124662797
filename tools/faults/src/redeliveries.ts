import { durableOf, type NatsConnectionHandle, type StreamNames } from '@event-analytics/nats-client';

/** How many deliveries there were of messages that had been delivered before, to whichever writer, ever. */
export async function redeliveries(nats: NatsConnectionHandle, names: StreamNames): Promise<number> {
  const session = await nats.whenConnected();
  const { streams, consumers } = session.jsm;
  const { durable } = durableOf(session, names, await streams.info(names.stream));
  const { delivered } = await consumers.info(names.stream, durable);
  // Deliveries, and the messages that were delivered: a work queue delivers each, in their order.
  return delivered.consumer_seq - delivered.stream_seq;
}
