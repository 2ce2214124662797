import type { EventConsumer } from '@event-analytics/nats-client';
import { decodeMessage, type DecodedMessage } from './decode-message.js';

export interface CollectOptions {
  /** Stops taking messages once this many events are there; the last message may go past it. */
  maxEvents: number;
  /** The same in bytes of messages. */
  maxBytes: number;
  /** How long to wait for more after the first message. */
  lingerMs: number;
  /** How long to wait for the first. */
  firstWaitMs: number;
  signal: AbortSignal;
  clock: () => number;
}

/** Merges what is there, and what comes within the linger, into one batch. Empty when nothing came. */
export async function collectBatch(
  source: Pick<EventConsumer, 'next'>,
  o: CollectOptions,
): Promise<DecodedMessage[]> {
  const first = await source.next({ waitMs: o.firstWaitMs, signal: o.signal });
  if (!first) return [];
  const lingerUntilMs = o.clock() + o.lingerMs;
  const batch = [decodeMessage(first)];
  let events = batch[0]?.entries.length ?? 0;
  let bytes = first.data.length;
  while (events < o.maxEvents && bytes < o.maxBytes) {
    const waitMs = Math.max(0, lingerUntilMs - o.clock());
    const message = await source.next({ waitMs, signal: o.signal });
    if (!message) break;
    const decoded = decodeMessage(message);
    batch.push(decoded);
    events += decoded.entries.length;
    bytes += message.data.length;
  }
  return batch;
}
