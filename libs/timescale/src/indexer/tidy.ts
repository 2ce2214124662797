import type { Database } from '../database.js';
import type { FoldMemory } from './fold.js';

const DEAD_BYTES_MIN = 1024 * 1024;
const DEAD_SHARE = 0.02;
/** Autovacuum's own settings decide where this was given up. */
const VACUUM_TIMEOUT_MS = 10 * 60_000;

/**
 * Has PostgreSQL give back the room of rows that were replaced, so that the next ones are written there. A
 * build or a backfill leaves more behind in a minute than the index is large, and autovacuum looks once a
 * minute. Holds up nobody, but takes a connection for as long as it needs.
 * @returns whether it was due
 */
export async function tidyIfDue(db: Database, memory: FoldMemory): Promise<boolean> {
  if (memory.deadBytes < DEAD_BYTES_MIN) return false;
  const [table] = await db.run(
    (sql) => sql<{ bytes: string }[]>`SELECT pg_table_size('activity_users') AS bytes`,
  );
  if (memory.deadBytes < DEAD_SHARE * Number(table?.bytes)) return false;
  memory.deadBytes = 0;
  await db.run((sql) => sql.unsafe('VACUUM activity_users'), { answerTimeoutMs: VACUUM_TIMEOUT_MS });
  return true;
}
