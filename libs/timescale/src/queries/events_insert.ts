import type { AcceptedEvent } from '@event-analytics/event-schema';
import type { Sql } from '../database.js';

/** An event, and when the service took it (RFC 3339) where that is not WriteOptions.receivedAt. */
export interface WritableEvent extends AcceptedEvent {
  received_at?: string;
}

export interface InsertedEvents {
  /** Rows that were really inserted. */
  inserted: number;
  /** Events from before this were left out (ms since 1970; -Infinity: nothing was ever dropped). */
  retainedFromMs: number;
}

/** Two days: what is older waits behind what is not, so that history does not make live events wait. */
const HISTORICAL_AFTER_BUCKETS = 192;

/**
 * Inserts what is not there yet and logs the activity of what was really inserted, in one statement.
 * The events go as one JSON text: the server takes it apart for a fraction of what column arrays cost
 * the client. Sorted by key, so that concurrent writes of the same events take their locks in one
 * order; by position after it, so that of a key sent twice the first is kept.
 *
 * What is older than the watermark could have been there and been dropped: it is left out. The watermark
 * is that of the statement's snapshot, which is taken once events is locked, so it is the one that counts:
 * see events_drop_expired.
 */
export async function insertEvents(
  sql: Sql,
  events: readonly WritableEvent[],
  receivedAt: string,
): Promise<InsertedEvents> {
  const [row] = await sql<InsertedEvents[]>`
    WITH inserted AS (
      INSERT INTO events (event_id, occurred_at, received_at, user_id, event_type, properties)
      SELECT event_id, occurred_at, coalesce(received_at, ${receivedAt}::timestamptz), user_id, event_type, properties
      FROM ROWS FROM (json_to_recordset(${JSON.stringify(events)}::text::json) AS
        (event_id uuid, occurred_at timestamptz, received_at timestamptz, user_id text, event_type text, properties jsonb))
        WITH ORDINALITY AS sent (event_id, occurred_at, received_at, user_id, event_type, properties, position)
      WHERE (occurred_at < (SELECT retained_from FROM event_storage)) IS NOT TRUE
      ORDER BY event_id, occurred_at, position
      ON CONFLICT DO NOTHING
      RETURNING occurred_at, user_id, event_type
    ), active AS (
      SELECT floor(date_part('epoch', occurred_at) / 900)::int4 AS bucket, event_type, user_id, count(*)::int4 AS events
      FROM inserted
      GROUP BY 1, 2, 3
    ), logged AS (
      INSERT INTO activity_log (historical, buckets, event_types, user_ids, counts)
      SELECT bucket < date_part('epoch', now()) / 900 - ${HISTORICAL_AFTER_BUCKETS}::int AS historical,
        array_agg(bucket), array_agg(event_type), array_agg(user_id), array_agg(events)
      FROM active
      GROUP BY historical
    )
    SELECT count(*)::int4 AS inserted,
      (SELECT date_part('epoch', retained_from) * 1000 FROM event_storage) AS "retainedFromMs"
    FROM inserted`;
  return row ?? { inserted: 0, retainedFromMs: -Infinity };
}
