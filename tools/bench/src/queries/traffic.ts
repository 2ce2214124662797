import { randomUUID } from 'node:crypto';
import type { WritableEvent } from '@event-analytics/timescale';
import { skewedPopulation, EVENT_TYPES, userId } from './population.js';
import { seededRandom, type Random } from './random.js';

const DAY_MS = 86_400_000;
const HISTORY_DAYS = 3_650;
const HISTORY_TYPES = 200;
/** Later ones are no history to the log. */
const HISTORY_ENDS_DAYS_AGO = 3;

/** New events, so many at once. */
export type Traffic = (events: number) => WritableEvent[];

/** What happens now, of users who have all arrived, in an ordinary mix of types; about 200 bytes an event. */
export function liveTraffic(users: number): Traffic {
  const random = seededRandom(1, users);
  const population = skewedPopulation(users);
  return (events) => {
    const nowMs = Date.now();
    return Array.from({ length: events }, () => ({
      event_id: randomUUID(),
      user_id: userId(population.user(random, 1)),
      event_type: EVENT_TYPES[population.type(random)] ?? '',
      occurred_at: new Date(nowMs - (random.bits() % 1_000)).toISOString(),
      properties: properties(random),
    }));
  };
}

/** At random over ten years and 200 types: what an importer may bring, at its worst. */
export function historicalTraffic(users: number): Traffic {
  const random = seededRandom(2, users);
  const endMs = Date.now() - HISTORY_ENDS_DAYS_AGO * DAY_MS;
  return (events) =>
    Array.from({ length: events }, () => ({
      event_id: randomUUID(),
      user_id: userId(Math.floor(random.unit() * users)),
      event_type: `old_type_${String(random.bits() % HISTORY_TYPES)}`,
      occurred_at: new Date(endMs - Math.floor(random.unit() * HISTORY_DAYS * DAY_MS)).toISOString(),
      properties: properties(random),
    }));
}

const properties = (random: Random) => ({
  path: `/product/${String(random.bits() % 500)}`,
  referrer: 'newsletter',
});
