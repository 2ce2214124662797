import type { Sql } from '../database.js';
import { recordedStorage } from '../storage.js';

/** Buckets of 15 minutes, [from, to). */
export interface BucketRange {
  from: number;
  to: number;
}

/**
 * The buckets that events can be in, by the bounds of the partitions or chunks that there are: asking the
 * events themselves would read them all. Undefined when there is none.
 */
export async function eventsExtent(sql: Sql): Promise<BucketRange | undefined> {
  const [row] =
    (await recordedStorage(sql)) === 'timescaledb'
      ? await sql<{ from: number | null; to: number | null }[]>`
          SELECT floor(date_part('epoch', min(range_start)) / 900)::int4 AS from,
            ceil(date_part('epoch', max(range_end)) / 900)::int4 AS to
          FROM timescaledb_information.chunks
          WHERE hypertable_schema = current_schema() AND hypertable_name = 'events'`
      : // Named by their months: see events_make_partitions.
        await sql<{ from: number | null; to: number | null }[]>`
          SELECT (date_part('epoch', min(month)) / 900)::int4 AS from,
            (date_part('epoch', max(month) + interval '1 month') / 900)::int4 AS to
          FROM (
            SELECT to_date(right(relname, 7), 'YYYY_MM') AS month
            FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'events'::regclass
          ) AS partitions`;
  return row === undefined || row.from === null || row.to === null
    ? undefined
    : { from: row.from, to: row.to };
}
