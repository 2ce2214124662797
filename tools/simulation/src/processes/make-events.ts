import type { ClientEvent } from '../ledger.js';
import type { World } from '../world.js';

/** Users whose events the simulated database refuses. */
export const POISON_USER = 'poison';
const POISON_SHARE = 0.08;

const USERS = ['ann', 'ben', 'cem'];
const TYPES = ['view', 'buy'];
const DAY_MS = 86_400_000;

/** Events of now, of last week and of another month. */
export function makeEvent({ plan, random, time }: World): ClientEvent {
  const agoMs = random.pick([0, 60_000, 7 * DAY_MS, 40 * DAY_MS]) + random.below(1_000_000);
  const isPoison = plan.poison && random.chance(POISON_SHARE);
  return {
    event_id: random.uuid(),
    user_id: isPoison ? POISON_USER : random.pick(USERS),
    event_type: random.pick(TYPES),
    occurred_at: new Date(Math.floor(time.nowMs()) - agoMs).toISOString(),
    properties: random.chance(0.5) ? {} : { n: random.below(10) },
  };
}

export function bodyOf(events: readonly ClientEvent[]): Uint8Array {
  return Buffer.from(JSON.stringify({ events }));
}

/** Valid JSON of no valid event. */
export function invalidEvent(event: ClientEvent): ClientEvent {
  return { ...event, user_id: '' };
}
