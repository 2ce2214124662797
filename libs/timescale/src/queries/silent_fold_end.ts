import type { Sql } from '../database.js';

/**
 * Ends the connection that holds the fold's lock where its process is stopped, or its network gone: all that is undone
 * is the fold, which is then done again. The server's own timeouts do not end it: that of an idle transaction does not
 * run between the parts of a statement, nor does that of a statement while it waits for the rest of a part, or for
 * somebody to read its answer.
 * @param o.silentMs how long the server may wait for the rest of a statement
 * @param o.unreadMs how long for its answer to be read, from the beginning of the statement
 * @throws what the server or driver throws; 42501 where the connection is another role's, which may not be ended
 */
export async function endSilentFold(sql: Sql, o: { silentMs: number; unreadMs: number }): Promise<void> {
  await sql`
    SELECT pg_terminate_backend(pid)
    FROM pg_locks
    JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32) | objid::bigint = hashtextextended('event_analytics.fold', 0)
      AND clock_timestamp() - state_change > interval '1 ms' * CASE wait_event
        WHEN 'ClientRead' THEN ${o.silentMs}::int
        WHEN 'ClientWrite' THEN ${o.unreadMs}::int
      END`;
}
