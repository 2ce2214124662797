import type { Database } from '../database.js';

/**
 * About how many rows activity_log holds: what PostgreSQL's statistics say, for a metric that is read
 * often; counting would read them all. 0 before the first migration.
 */
export async function estimateActivityLogRows(db: Database, o: { answerTimeoutMs: number }): Promise<number> {
  const [row] = await db.run(
    (sql) => sql<{ rows: number }[]>`
      SELECT n_live_tup::float8 AS rows FROM pg_stat_user_tables WHERE relid = to_regclass('activity_log')`,
    o,
  );
  return row?.rows ?? 0;
}
