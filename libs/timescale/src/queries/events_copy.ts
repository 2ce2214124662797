import type { Sql } from '../database.js';
import { activityRows, type ActivityRow } from './activity_lines.js';
import { copyLines } from './event_lines.js';
import type { WritableEvent } from './events_insert.js';

/**
 * Inserts events of an import of which none is there yet, and logs their activity, in a transaction that has done nothing
 * else to `events`. What insertEvents does in one statement, for half of what that costs the server: COPY makes its rows
 * by the page, and the log is made here. Not sorted by key: who brings the same events at the same time may have to be
 * undone, and does it again.
 *
 * @returns whether they were: not where they cannot be copied, as where some are too old; then nothing was done
 * @throws what the server says to a statement behind one that failed (25P02), where one was there after all, stood twice
 *   among them, or could not be stored; the transaction is of no more use
 */
export async function copyEvents(
  sql: Sql,
  events: readonly WritableEvent[],
  importId: number,
): Promise<boolean> {
  const lines = copyLines(events, importId);
  if (lines === undefined) return false;
  const retainedFromMs = await lockedWatermark(sql);
  if (lines.earliestMs < retainedFromMs) return false;
  await copyText(sql, lines.text);
  await logActivity(sql, activityRows(events, Date.now()));
  return true;
}

/** It stays that until the transaction ends: see events_drop_expired. */
async function lockedWatermark(sql: Sql): Promise<number> {
  await sql`LOCK TABLE ONLY events IN ROW EXCLUSIVE MODE`;
  const [row] = await sql<{ ms: number }[]>`
    SELECT date_part('epoch', retained_from) * 1000 AS ms FROM event_storage`;
  return row?.ms ?? -Infinity;
}

/**
 * Resolves when all is sent. Of a refusal that comes after that the driver does not tell; the next statement of the
 * transaction does.
 */
async function copyText(sql: Sql, text: string): Promise<void> {
  const into = await sql
    .unsafe('COPY events (event_id, occurred_at, user_id, event_type, properties, import_id) FROM STDIN')
    .writable();
  into.on('error', () => undefined);
  await new Promise((resolve) => into.write(text, resolve));
  into.end();
}

async function logActivity(sql: Sql, rows: readonly ActivityRow[]): Promise<void> {
  for (const { historical, events, activity } of rows) {
    await sql`INSERT INTO activity_log (historical, events, activity) VALUES (${historical}, ${events}, ${activity})`;
  }
}
