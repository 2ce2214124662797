import type { Sql } from '../database.js';
import { QUARTERS_PER_DAY } from '../quarter-counts.js';
import { textOf } from '../indexer/names.js';
import type { LoggedEntries } from './activity_log_take.js';

/**
 * Puts entries that were taken from the log in the same transaction back in the order of days: a row for each UTC day.
 * @param rows of history, an event an entry (logged as text)
 */
export async function sortIntoActivityLog(sql: Sql, rows: readonly LoggedEntries[]): Promise<void> {
  const days = new Map<number, { lines: string[]; events: number }>();
  for (const { runs, users } of rows) {
    for (const { bucket, event_type, first, end } of runs) {
      const day = Math.floor(bucket / QUARTERS_PER_DAY);
      let found = days.get(day);
      if (found === undefined) days.set(day, (found = { lines: [], events: 0 }));
      // Between the names of a run stand the tabs of the row that it was logged in.
      const names = textOf(users.bytes, users.bounds[2 * first] ?? 0, users.bounds[2 * end - 1] ?? 0);
      found.lines.push(`${bucket}\t${event_type}\t${names}`);
      found.events += end - first;
    }
  }
  const sorted = [...days].map(([day, { lines, events }]) => ({ day, events, activity: lines.join('\n') }));
  // How long the oldest of them has been waiting, for all.
  const loggedAt = rows.map((row) => row.logged_at);
  await sql`
    INSERT INTO activity_log (historical, logged_at, day, events, activity)
    SELECT true, (SELECT min(logged_at) FROM unnest(${`{${loggedAt.map((at) => `"${at}"`).join(',')}}`}::timestamptz[]) AS logged_at),
      day, events, activity
    FROM json_to_recordset(${JSON.stringify(sorted)}::text::json) AS sorted (day int, events int, activity text)`;
}
