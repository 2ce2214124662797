import type { AcceptedEvent } from '@event-analytics/event-schema';

/** Numbers in [0, 1) that a seed repeats (Park and Miller). */
export function createRandom(seed: number): () => number {
  let state = seed % 2_147_483_647 || 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** An id made of a number, so that a test can send the same again. */
export function eventId(n: number): string {
  // Spread by a hash of sorts: ids of clients are not in order.
  const high = (Math.imul(n + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');
  return `${high}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function event(n: number, fields: Partial<AcceptedEvent> = {}): AcceptedEvent {
  return {
    event_id: eventId(n),
    user_id: `user-${n}`,
    event_type: 'page_view',
    occurred_at: '2024-03-04T10:00:00.000Z',
    properties: { n },
    ...fields,
  };
}

export function events(from: number, to: number, fields: Partial<AcceptedEvent> = {}): AcceptedEvent[] {
  return Array.from({ length: to - from }, (_, i) => event(from + i, fields));
}
