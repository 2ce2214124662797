import type { Sql } from '../database.js';
import { QUARTERS_PER_DAY } from '../quarter-counts.js';
import { textOf } from '../indexer/names.js';
import type { LoggedEntries } from './activity_log_take.js';

/** UTC days. */
const STRETCH_DAYS = 32;

/**
 * Puts entries that were taken from the log in the same transaction back in order: a row for each stretch of days, or for
 * each day. They count as old as the oldest of them.
 * @param rows of history, an event an entry (logged as text)
 */
export async function sortIntoActivityLog(
  sql: Sql,
  rows: readonly LoggedEntries[],
  by: 'stretch' | 'day',
): Promise<void> {
  const slots = new Map<number, { stretch: number; day?: number; events: number; lines: string[] }>();
  for (const { runs, users } of rows) {
    for (const { bucket, event_type, first, end } of runs) {
      const day = Math.floor(bucket / QUARTERS_PER_DAY);
      const stretch = Math.floor(day / STRETCH_DAYS);
      const slot = by === 'day' ? day : stretch;
      let found = slots.get(slot);
      if (found === undefined)
        slots.set(slot, (found = { stretch, ...(by === 'day' && { day }), events: 0, lines: [] }));
      // Between the names of a run stand the tabs of the row that it was logged in.
      const names = textOf(users.bytes, users.bounds[2 * first] ?? 0, users.bounds[2 * end - 1] ?? 0);
      found.lines.push(`${bucket}\t${event_type}\t${names}`);
      found.events += end - first;
    }
  }
  const sorted = [...slots.values()].map(({ lines, ...slot }) => ({ ...slot, activity: lines.join('\n') }));
  const loggedAt = rows.map((row) => `"${row.logged_at}"`);
  await sql`
    INSERT INTO activity_log (historical, logged_at, stretch, day, events, activity)
    SELECT true, (SELECT min(logged_at) FROM unnest(${`{${loggedAt.join(',')}}`}::timestamptz[]) AS logged_at),
      stretch, day, events, activity
    FROM json_to_recordset(${JSON.stringify(sorted)}::text::json)
      AS sorted (stretch int, day int, events int, activity text)`;
}
