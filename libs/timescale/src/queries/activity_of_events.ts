import type { Sql } from '../database.js';
import type { ActivityEntries } from '../indexer/activity.js';
import { instant } from '../sql-text.js';
import { entriesOfArrays, type ActivityArrays } from './activity_log_rows.js';
import type { BucketRange } from './events_extent.js';
import { BUCKET_MS } from '../quarter-counts.js';

/** What the log would say of the events in these buckets, from the events themselves. */
export async function activityOfEvents(sql: Sql, { from, to }: BucketRange): Promise<ActivityEntries> {
  const [row] = await sql<ActivityArrays[]>`
    SELECT coalesce(json_agg(bucket), '[]') AS buckets, coalesce(json_agg(event_type), '[]') AS event_types,
      coalesce(json_agg(user_id), '[]') AS user_ids, coalesce(json_agg(events), '[]') AS counts
    FROM (
      SELECT floor(date_part('epoch', occurred_at) / 900)::int4 AS bucket, event_type, user_id, count(*) AS events
      FROM events
      WHERE occurred_at >= ${instant(from * BUCKET_MS)}::timestamptz
        AND occurred_at < ${instant(to * BUCKET_MS)}::timestamptz
      GROUP BY 1, 2, 3
    ) AS active`;
  return entriesOfArrays(row ?? { buckets: [], event_types: [], user_ids: [], counts: [] });
}
