import type { AcceptedEvent } from '@event-analytics/event-schema';
import type { Sql } from '../database.js';
import { HISTORICAL_AFTER_BUCKETS } from './activity_lines.js';
import { intArray } from '../sql-text.js';
import { eventLines, type EventLines } from './event_lines.js';

/**
 * An event, its properties as an object or as JSON text without control characters. To be read field by field: they may
 * be getters of its class.
 */
export type WritableEvent = Omit<AcceptedEvent, 'properties'> & {
  /** When the service took it (RFC 3339), where that is not WriteOptions.receivedAt. */
  received_at?: string;
  /**
   * The event as the line that is sent, where it is one already: event_id, occurred_at, user_id, event_type and the JSON
   * of its properties, exactly those of its other fields, with a tab between each two and no other control character.
   * It is passed on as it stands.
   */
  line?: string;
} & ({ properties: AcceptedEvent['properties'] } | { properties_json: string });

export interface InsertedEvents {
  /** Rows that were really inserted. */
  inserted: number;
  /** Events from before this were left out (ms since 1970; -Infinity: nothing was ever dropped). */
  retainedFromMs: number;
}

export interface InsertOptions {
  /** When the service took those events that do not say it. */
  receivedAt: string;
  /**
   * Take it that none is there yet: a third cheaper, for each row is then written once, without a mark that has to
   * be confirmed. One that is there, or stands twice among the events, fails the statement with 23505.
   */
  unseen: boolean;
  /** The import that brings them; default: they come by themselves. */
  importId?: number;
}

/**
 * Inserts what is not there yet and logs the activity of what was really inserted, in one statement.
 * Sorted by key, so that concurrent writes of the same events take their locks in one order; by position
 * after it, so that of a key sent twice the first is kept.
 *
 * What is older than the watermark could have been there and been dropped: it is left out. The watermark
 * is that of the statement's snapshot, which is taken once events is locked, so it is the one that counts:
 * see events_drop_expired.
 */
export async function insertEvents(
  sql: Sql,
  events: readonly WritableEvent[],
  { receivedAt, unseen, importId }: InsertOptions,
): Promise<InsertedEvents> {
  const lines = eventLines(events, receivedAt);
  const [row] = await sql<InsertedEvents[]>`
    WITH inserted AS (
      INSERT INTO events (event_id, occurred_at, received_at, user_id, event_type, properties${importId === undefined ? sql`` : sql`, import_id`})
      SELECT event_id, occurred_at, received_at, user_id, event_type, properties${importId === undefined ? sql`` : sql`, ${importId}::int`}
      FROM ${lines === undefined ? sentRecords(sql, events, receivedAt) : sentLines(sql, lines)}
      WHERE (occurred_at < (SELECT retained_from FROM event_storage)) IS NOT TRUE
      ORDER BY event_id, occurred_at, position
      ${unseen ? sql`` : sql`ON CONFLICT DO NOTHING`}
      RETURNING floor(date_part('epoch', occurred_at) / 900)::int4 AS bucket, event_type, user_id
    ), ${lines === undefined ? loggedAsArrays(sql) : loggedAsText(sql)}
    SELECT coalesce(sum(events), 0)::int4 AS inserted,
      (SELECT date_part('epoch', retained_from) * 1000 FROM event_storage) AS "retainedFromMs"
    FROM active`;
  return row ?? { inserted: 0, retainedFromMs: -Infinity };
}

/** What is an event's line on its way here is a line of the log as well: no name holds a tab. See migration 0005. */
function loggedAsText(sql: Sql) {
  return sql`active AS (
      SELECT bucket, event_type, count(*) AS events, string_agg(user_id, E'\\t') AS users
      FROM inserted
      GROUP BY bucket, event_type
    ), logged AS (
      INSERT INTO activity_log (historical, events, activity)
      SELECT ${historical(sql)} AS historical, sum(events), string_agg(concat_ws(E'\\t', bucket, event_type, users), E'\\n')
      FROM active
      GROUP BY historical
    )`;
}

function loggedAsArrays(sql: Sql) {
  return sql`active AS (
      SELECT bucket, event_type, user_id, count(*)::int4 AS events
      FROM inserted
      GROUP BY bucket, event_type, user_id
    ), logged AS (
      INSERT INTO activity_log (historical, buckets, event_types, user_ids, counts)
      SELECT ${historical(sql)} AS historical,
        array_agg(bucket), array_agg(event_type), array_agg(user_id), array_agg(events)
      FROM active
      GROUP BY historical
    )`;
}

function historical(sql: Sql) {
  return sql`bucket < date_part('epoch', now()) / 900 - ${HISTORICAL_AFTER_BUCKETS}::int`;
}

/** Those that cannot be lines (none that the schema lets through) as JSON, which PostgreSQL refuses or takes. */
function sentRecords(sql: Sql, events: readonly WritableEvent[], receivedAt: string) {
  const records = events.map((event) => {
    const { event_id, occurred_at, received_at, user_id, event_type } = event;
    return { event_id, occurred_at, received_at, user_id, event_type, properties: propertiesOf(event) };
  });
  return sql`(
      SELECT event_id, occurred_at, coalesce(received_at, ${receivedAt}::timestamptz) AS received_at, user_id, event_type,
        properties, position
      FROM ROWS FROM (json_to_recordset(${JSON.stringify(records)}::text::json) AS
        (event_id uuid, occurred_at timestamptz, received_at timestamptz, user_id text, event_type text, properties jsonb))
        WITH ORDINALITY AS record (event_id, occurred_at, received_at, user_id, event_type, properties, position)
    ) AS sent`;
}

function sentLines(sql: Sql, lines: EventLines) {
  return sql`(
    SELECT split_part(line, E'\\t', 1)::uuid AS event_id, split_part(line, E'\\t', 2)::timestamptz AS occurred_at,
      (${`{${lines.receivedAt.join(',')}}`}::timestamptz[])[width_bucket(position, ${intArray(lines.starts)}::bigint[])] AS received_at,
      split_part(line, E'\\t', 3) AS user_id, split_part(line, E'\\t', 4) AS event_type,
      split_part(line, E'\\t', 5)::jsonb AS properties, position
    FROM string_to_table(${lines.text}::text, E'\\n') WITH ORDINALITY AS lines (line, position)
  ) AS sent`;
}

function propertiesOf(event: WritableEvent): unknown {
  return 'properties' in event ? event.properties : JSON.parse(event.properties_json);
}
