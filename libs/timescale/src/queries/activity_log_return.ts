import type { Sql } from '../database.js';
import type { ActivityEntries } from '../indexer/activity.js';
import { nameAt } from '../indexer/names.js';
import type { ActivityArrays } from './activity_log_rows.js';

/** Puts entries back into the log that were taken from it in the same transaction; they keep their age. */
export async function returnToActivityLog(
  sql: Sql,
  o: { historical: boolean; entries: ActivityEntries & { logged_at: string } },
): Promise<void> {
  const { logged_at, runs, users, counts } = o.entries;
  const entries: { [K in keyof ActivityArrays]: ActivityArrays[K][number][] } = {
    buckets: [],
    event_types: [],
    user_ids: [],
    counts: [],
  };
  for (const { bucket, event_type, first, end } of runs) {
    for (let i = first; i < end; i++) {
      entries.buckets.push(bucket);
      entries.event_types.push(event_type);
      entries.user_ids.push(nameAt(users, i));
      entries.counts.push(counts?.[i] ?? 1);
    }
  }
  await sql`
    INSERT INTO activity_log (historical, logged_at, buckets, event_types, user_ids, counts)
    SELECT ${o.historical}, ${logged_at}::timestamptz, array_agg(bucket::int4), array_agg(event_type), array_agg(user_id), array_agg(events::int4)
    FROM ROWS FROM (
      json_array_elements_text(${JSON.stringify(entries.buckets)}::text::json),
      json_array_elements_text(${JSON.stringify(entries.event_types)}::text::json),
      json_array_elements_text(${JSON.stringify(entries.user_ids)}::text::json),
      json_array_elements_text(${JSON.stringify(entries.counts)}::text::json)
    ) AS entry (bucket, event_type, user_id, events)`;
}
