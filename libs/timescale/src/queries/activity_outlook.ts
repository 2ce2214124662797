import type { Database } from '../database.js';

/** What there is to do for the indexer. */
export interface ActivityOutlook {
  /** How long the oldest row of the log has been waiting, in seconds; undefined where none waits. */
  recentSeconds?: number;
  historicalSeconds?: number;
  /** An index is to be built. */
  building: boolean;
  /** One that was replaced is to be cleared away. */
  retired: boolean;
}

/** Cheap, and without a lock: asked several times a second. */
export async function lookAtActivity(db: Database): Promise<ActivityOutlook> {
  const [row] = await db.run(
    (sql) => sql<{ recent: number | null; historical: number | null; building: boolean; retired: boolean }[]>`
      SELECT
        date_part('epoch', clock_timestamp()
          - (SELECT logged_at FROM activity_log WHERE NOT historical ORDER BY id LIMIT 1)) AS recent,
        date_part('epoch', clock_timestamp()
          - (SELECT logged_at FROM activity_log WHERE historical ORDER BY id LIMIT 1)) AS historical,
        EXISTS (SELECT FROM activity_indexes WHERE state = 'building') AS building,
        EXISTS (SELECT FROM activity_indexes WHERE state = 'retired') AS retired`,
  );
  const { recent = null, historical = null, building = false, retired = false } = row ?? {};
  return {
    ...(recent !== null && { recentSeconds: Math.max(0, recent) }),
    ...(historical !== null && { historicalSeconds: Math.max(0, historical) }),
    building,
    retired,
  };
}
