import type { Database } from '@event-analytics/timescale';

export interface Sizes {
  events: number;
  /** In the dictionary. */
  users: number;
  /** Of events: rows, and indexes (the key and the small one by time). */
  eventsTableBytes: number;
  eventsIndexBytes: number;
  /** activity_users with its index and all that lies unused in it. */
  bitmapsBytes: number;
  /** What is in them, of all zones: days, and months beside these. */
  bitmapsDaysBytes: number;
  bitmapsMonthsBytes: number;
  bitmapsRows: number;
  countsBytes: number;
  dictionaryBytes: number;
}

export async function measureSizes(db: Database): Promise<Sizes> {
  await db.run((sql) => sql.unsafe('VACUUM (ANALYZE) activity_users, activity_counts, users'));
  const [row] = await db.run(
    (sql) => sql<Record<keyof Sizes, string>[]>`
      SELECT
        (SELECT count(*) FROM events) AS "events",
        (SELECT count(*) FROM users) AS "users",
        storage.table_bytes AS "eventsTableBytes",
        storage.index_bytes AS "eventsIndexBytes",
        pg_total_relation_size('activity_users') AS "bitmapsBytes",
        bitmaps.days AS "bitmapsDaysBytes",
        bitmaps.months AS "bitmapsMonthsBytes",
        bitmaps.rows AS "bitmapsRows",
        pg_total_relation_size('activity_counts') AS "countsBytes",
        pg_total_relation_size('users') AS "dictionaryBytes"
      FROM (
        SELECT coalesce(sum(octet_length(users)) FILTER (WHERE unit = 'd'), 0) AS days,
          coalesce(sum(octet_length(users)) FILTER (WHERE unit = 'm'), 0) AS months,
          count(*) AS rows
        FROM activity_users
      ) AS bitmaps, (
        -- Partitions and chunks alike are children of the table.
        SELECT sum(pg_table_size(inhrelid)) AS table_bytes, sum(pg_indexes_size(inhrelid)) AS index_bytes
        FROM pg_inherits WHERE inhparent = 'events'::regclass
      ) AS storage`,
  );
  const size = (name: keyof Sizes) => Number(row?.[name] ?? NaN);
  return {
    events: size('events'),
    users: size('users'),
    eventsTableBytes: size('eventsTableBytes'),
    eventsIndexBytes: size('eventsIndexBytes'),
    bitmapsBytes: size('bitmapsBytes'),
    bitmapsDaysBytes: size('bitmapsDaysBytes'),
    bitmapsMonthsBytes: size('bitmapsMonthsBytes'),
    bitmapsRows: size('bitmapsRows'),
    countsBytes: size('countsBytes'),
    dictionaryBytes: size('dictionaryBytes'),
  };
}
