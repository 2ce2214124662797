import type { Sql } from '../database.js';
import type { TouchedBucket } from '../indexer/recompute-keys.js';
import { instant } from '../sql-text.js';
import type { ImportedStretch } from './imported_events_hand_over.js';

/** Deletes the events of an import. @returns where they were */
export async function removeImportedEvents(
  sql: Sql,
  { importId, fromMs, toMs }: ImportedStretch,
): Promise<(TouchedBucket & { events: number })[]> {
  return await sql<(TouchedBucket & { events: number })[]>`
    WITH gone AS (
      DELETE FROM events
      WHERE import_id = ${importId}
        AND occurred_at >= ${instant(fromMs)}::timestamptz AND occurred_at < ${instant(toMs)}::timestamptz
      RETURNING floor(date_part('epoch', occurred_at) / 900)::int4 AS bucket, event_type
    )
    SELECT bucket, event_type, count(*)::int4 AS events FROM gone GROUP BY bucket, event_type`;
}
