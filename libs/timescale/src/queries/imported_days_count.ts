import type { Sql } from '../database.js';
import { instant } from '../sql-text.js';
import type { ImportedStretch } from './imported_events_hand_over.js';

/** Of a UTC day with events. */
export interface ImportedDay {
  /** Since 1970-01-01. */
  day: number;
  /** Of everybody. */
  events: number;
  /** Of the import. */
  imported: number;
}

/** The days with events, in order. */
export async function countImportedDays(
  sql: Sql,
  { importId, fromMs, toMs }: ImportedStretch,
): Promise<ImportedDay[]> {
  return await sql<ImportedDay[]>`
    SELECT floor(date_part('epoch', occurred_at) / 86400)::int4 AS day, count(*)::int4 AS events,
      (count(*) FILTER (WHERE import_id = ${importId}))::int4 AS imported
    FROM events
    WHERE occurred_at >= ${instant(fromMs)}::timestamptz AND occurred_at < ${instant(toMs)}::timestamptz
    GROUP BY 1
    ORDER BY 1`;
}
