import type { NatsConnectionHandle } from './connection.js';
import { findConsumer } from './durable.js';
import type { StreamNames } from './names.js';
import { findStream } from './stream.js';

export interface StreamLag {
  /** Not yet delivered to any writer. */
  pending: number;
  /** Delivered and not yet acknowledged. pending + ackPending is the lag. */
  ackPending: number;
  /** What the stream holds. After a SIGKILL of the server this may count acknowledged messages: no measure of lag. */
  messages: number;
  bytes: number;
  /** Age of the oldest message, in seconds; undefined when nothing lags. */
  oldestAgeSeconds?: number;
}

/** How far the writers are behind. Undefined without a connection or without the stream; rejects on API errors. */
export async function streamLag(
  nats: NatsConnectionHandle,
  names: StreamNames,
  clock: () => number = Date.now,
): Promise<StreamLag | undefined> {
  const session = nats.session();
  if (!session) return undefined;
  const [consumer, stream] = await Promise.all([
    findConsumer(session, names),
    findStream(session, names.stream),
  ]);
  if (!stream) return undefined;
  const pending = consumer ? consumer.num_pending : stream.state.messages;
  const ackPending = consumer?.num_ack_pending ?? 0;
  return {
    pending,
    ackPending,
    messages: stream.state.messages,
    bytes: stream.state.bytes,
    // A first message that was acknowledged long ago (see purge.ts) says nothing about age.
    ...(pending + ackPending > 0 &&
      stream.state.first_seq > (consumer?.ack_floor.stream_seq ?? 0) && {
        oldestAgeSeconds: Math.max(0, (clock() - Date.parse(stream.state.first_ts)) / 1_000),
      }),
  };
}
