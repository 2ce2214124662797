import { decodeWireMessage } from '@event-analytics/event-schema';
import type { NatsConnectionHandle, StreamNames } from '@event-analytics/nats-client';

export interface StreamContent {
  firstSequence: number;
  lastSequence: number;
  messages: number;
  /** The ids of all valid events in it. */
  eventIds: Set<string>;
}

/** Reads every message of the event stream, without consuming any; nobody may write or consume meanwhile. */
export async function readStream(nats: NatsConnectionHandle, names: StreamNames): Promise<StreamContent> {
  const { jsm } = await nats.whenConnected();
  const { state } = await jsm.streams.info(names.stream);
  const eventIds = new Set<string>();
  // Without holes: what was acknowledged is at the beginning.
  // NATS 2.9.10 says that the first is 0 after a disk that was full.
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
    const message = await jsm.streams.getMessage(names.stream, { seq });
    for (const { event } of decodeWireMessage(message.data).events) eventIds.add(event.event_id);
  }
  return {
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    messages: state.messages,
    eventIds,
  };
}
