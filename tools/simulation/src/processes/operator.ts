import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEFAULT_STREAM_NAMES,
  ensureEventStream,
  type NatsConnectionHandle,
} from '@event-analytics/nats-client';
import type { World } from '../world.js';
import { STREAM_MESSAGES_MAX } from './gateway.js';

const ABSENT_MS_MAX = 3_000;

/** Deletes the stream with all that is in it, and makes it anew. To be called as the operator's process. */
export async function makeStreamAnew(
  { random }: World,
  { nats }: { nats: NatsConnectionHandle },
): Promise<void> {
  const names = DEFAULT_STREAM_NAMES;
  const session = await nats.whenConnected();
  try {
    await session.jsm.streams.delete(names.stream);
  } catch {
    // It is gone already, or whether it is cannot be told; what follows does right in both cases.
  }
  // At once, as a script does it, or by hand.
  await sleep(random.chance(0.5) ? 0 : random.fraction() * ABSENT_MS_MAX);
  await ensureEventStream(nats, { names, maxMessages: STREAM_MESSAGES_MAX });
}
