import type { ConsumerInfo, StreamInfo } from 'nats';

/**
 * The sequence up to which everything was acknowledged; 0 if nothing certainly was. `consumer` must have been read
 * before `stream`: sequences only grow, so a floor past the stream's end then means that the stream lost its end. Such a
 * floor is void: new messages get old numbers, and a purge would delete what nobody has read.
 */
export function acknowledgedFloor(consumer: ConsumerInfo, stream: StreamInfo): number {
  // A durable older than its stream counts another stream's sequences.
  if (Date.parse(consumer.created) < Date.parse(stream.created)) return 0;
  if (consumer.ack_floor.stream_seq > stream.state.last_seq) return 0;
  if (consumer.delivered.stream_seq > stream.state.last_seq) return 0;
  // The floor itself only moves with the next ack; where no ack is awaited, all that was delivered is acknowledged.
  return consumer.num_ack_pending === 0
    ? Math.max(consumer.ack_floor.stream_seq, consumer.delivered.stream_seq)
    : consumer.ack_floor.stream_seq;
}

/** The sequence before which everything may be removed; undefined: there is nothing to remove. */
export function purgeLimit(consumer: ConsumerInfo, stream: StreamInfo): number | undefined {
  const floor = acknowledgedFloor(consumer, stream);
  // The server takes "before 1" for everything, and NATS 2.9 restarted after a full disk says that its first message is 0.
  if (floor < 1) return undefined;
  if (stream.state.messages === 0 || floor < stream.state.first_seq) return undefined;
  return floor + 1;
}
