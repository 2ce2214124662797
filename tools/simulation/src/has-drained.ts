import { DEFAULT_STREAM_NAMES } from '@event-analytics/nats-client';
import type { Cast } from './cast.js';
import type { World } from './world.js';

/** All heals, everybody has an answer, and nothing is left to be stored or counted. */
export function hasDrained({ faults }: World, { clientsAtWork, nats, database }: Cast): boolean {
  if (!faults.healed() || clientsAtWork() > 0) return false;
  if (database.table.log.length > 0 || !database.idle()) return false;
  const stream = nats.stream(DEFAULT_STREAM_NAMES.stream);
  if (!stream || stream.messages().length > 0) return false;
  return stream.consumerInfo()?.num_ack_pending === 0;
}
