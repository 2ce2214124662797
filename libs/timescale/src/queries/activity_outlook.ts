import type { Database } from '../database.js';

/** What there is to do for the indexer. */
export interface ActivityOutlook {
  /** How long the oldest row of the log has been waiting, in seconds; undefined where none waits. */
  recentSeconds?: number;
  historicalSeconds?: number;
  /** An index is to be built, or one that was replaced to be cleared away. */
  upkeep: boolean;
}

/** Cheap, and without a lock: asked several times a second. */
export async function lookAtActivity(db: Database): Promise<ActivityOutlook> {
  const [row] = await db.run(
    (sql) => sql<{ recent: number | null; historical: number | null; upkeep: boolean }[]>`
      SELECT
        date_part('epoch', clock_timestamp()
          - (SELECT logged_at FROM activity_log WHERE NOT historical ORDER BY id LIMIT 1)) AS recent,
        date_part('epoch', clock_timestamp()
          - (SELECT logged_at FROM activity_log WHERE historical ORDER BY id LIMIT 1)) AS historical,
        EXISTS (SELECT FROM activity_indexes WHERE state IN ('building', 'retired')) AS upkeep`,
  );
  const { recent = null, historical = null, upkeep = false } = row ?? {};
  return {
    ...(recent !== null && { recentSeconds: Math.max(0, recent) }),
    ...(historical !== null && { historicalSeconds: Math.max(0, historical) }),
    upkeep,
  };
}
