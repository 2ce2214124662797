import type { Sql } from '../database.js';
import { BUCKET_MS } from '../quarter-counts.js';
import { instant } from '../sql-text.js';
import type { BucketRange } from './events_extent.js';

/** Whether there are more events in these buckets; reads no more of them than it takes to say so. */
export async function eventsExceed(sql: Sql, { from, to }: BucketRange, max: number): Promise<boolean> {
  const [row] = await sql<{ more: boolean }[]>`
    SELECT count(*) > ${max} AS more
    FROM (
      SELECT FROM events
      WHERE occurred_at >= ${instant(from * BUCKET_MS)}::timestamptz
        AND occurred_at < ${instant(to * BUCKET_MS)}::timestamptz
      LIMIT ${max + 1}
    ) AS these`;
  return row?.more ?? false;
}
