import type { Sql, WritableEvent } from '@event-analytics/timescale';

/**
 * What the index's cost is measured against: the INSERT of libs/timescale/src/queries/events_insert.ts, word for
 * word, with its deduplication but without the log that the index is folded from. To be kept the same as that.
 */
export async function insertEventsAlone(
  sql: Sql,
  events: readonly WritableEvent[],
  receivedAt: string,
): Promise<number> {
  const [row] = await sql<{ inserted: number }[]>`
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
    )
    SELECT count(*)::int4 AS inserted FROM inserted`;
  return row?.inserted ?? 0;
}
