import type { EventConsumer } from '@event-analytics/nats-client';
import { decodeMessage, type DecodedMessage } from './decode-message.js';

export interface CollectOptions {
  /** Stops taking messages once this many events are there; the last message may go past it. */
  maxEvents: number;
  /** The same in bytes of messages. */
  maxBytes: number;
  /** How long to wait for more after the first message; five times as long where much comes. */
  lingerMs: number;
  /** How long to wait for the first. */
  firstWaitMs: number;
  signal: AbortSignal;
  clock: () => number;
}

/** A transaction costs as much as some hundred events: where a linger brings this share of a batch, it waits on. */
const BUSY_SHARE = 0.01;
const BUSY_LINGERS = 5;

/** Merges what is there, and what comes within the linger, into one batch. Empty when nothing came. */
export async function collectBatch(
  source: Pick<EventConsumer, 'next'>,
  o: CollectOptions,
): Promise<DecodedMessage[]> {
  const first = await source.next({ waitMs: o.firstWaitMs, signal: o.signal });
  if (!first) return [];
  const beganMs = o.clock();
  const batch = [decodeMessage(first)];
  let events = batch[0]?.entries.length ?? 0;
  let bytes = first.data.length;
  while (events < o.maxEvents && bytes < o.maxBytes) {
    const lingers = events >= o.maxEvents * BUSY_SHARE ? BUSY_LINGERS : 1;
    const waitMs = Math.max(0, beganMs + lingers * o.lingerMs - o.clock());
    const message = await source.next({ waitMs, signal: o.signal });
    if (!message) break;
    const decoded = decodeMessage(message);
    batch.push(decoded);
    events += decoded.entries.length;
    bytes += message.data.length;
  }
  return batch;
}
