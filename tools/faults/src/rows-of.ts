import type { Database } from '@event-analytics/timescale';
import type { SentEvent } from './event-of.js';

/** How many rows there are of these events. */
export async function rowsOf(db: Database, events: readonly SentEvent[]): Promise<number> {
  const ids = events.map((e) => e.event_id).join(',');
  const [counted] = await db.run(
    (sql) => sql<{ rows: number }[]>`
      SELECT count(*)::int4 AS rows FROM events WHERE event_id = ANY(string_to_array(${ids}, ',')::uuid[])`,
  );
  return counted?.rows ?? 0;
}

/** How many rows there are in all. */
export async function rowsOfAll(db: Database): Promise<number> {
  const [counted] = await db.run((sql) => sql<{ rows: number }[]>`SELECT count(*)::int4 AS rows FROM events`);
  return counted?.rows ?? 0;
}
