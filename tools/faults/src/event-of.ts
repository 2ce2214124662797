import type { Random } from '@event-analytics/testkit';

export interface SentEvent {
  event_id: string;
  user_id: string;
  event_type: string;
  occurred_at: string;
}

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.parse('2024-05-01T00:00:00Z');
const DAYS = 10;
const USERS = 5_003;
const TYPES = ['view', 'click', 'buy', 'sign up'];

/** The event of an id: made of the id alone, so that sending an id again sends the same. */
export function eventOf(event_id: string): SentEvent {
  const n = parseInt(event_id.slice(0, 8), 16);
  return {
    event_id,
    user_id: `user-${n % USERS}`,
    event_type: TYPES[(n >>> 8) % TYPES.length] ?? '',
    occurred_at: new Date(FIRST_DAY_MS + (n % (DAYS * DAY_MS))).toISOString(),
  };
}

/** Events of new ids. */
export function freshEvents(random: Random, count: number): SentEvent[] {
  return Array.from({ length: count }, () => eventOf(random.uuid()));
}
