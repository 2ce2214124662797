import type { Database } from '../database.js';

/** What there is to do for the indexer. */
export interface ActivityOutlook {
  /** How long the oldest row of the log has been waiting, in seconds; undefined where none waits. */
  recentSeconds?: number;
  /** The same of history; what was sorted counts as old as the oldest that was sorted with it. */
  historicalSeconds?: number;
  /** Whether history waits as it was logged, and sorted. */
  history: { logged: boolean; sorted: boolean };
  /** An index is to be built. */
  building: boolean;
  /** One that was replaced is to be cleared away. */
  retired: boolean;
}

/** Cheap, and without a lock: asked several times a second. */
export async function lookAtActivity(db: Database): Promise<ActivityOutlook> {
  const [row] = await db.run(
    (sql) => sql<Seen[]>`
      SELECT
        date_part('epoch', clock_timestamp()
          - (SELECT logged_at FROM activity_log WHERE NOT historical AND stretch IS NULL ORDER BY id LIMIT 1)) AS recent,
        date_part('epoch', clock_timestamp()
          - (SELECT logged_at FROM activity_log WHERE historical AND stretch IS NULL ORDER BY id LIMIT 1)) AS logged,
        date_part('epoch', clock_timestamp()
          - (SELECT logged_at FROM activity_log WHERE stretch IS NOT NULL ORDER BY id LIMIT 1)) AS sorted,
        EXISTS (SELECT FROM activity_indexes WHERE state = 'building') AS building,
        EXISTS (SELECT FROM activity_indexes WHERE state = 'retired') AS retired`,
  );
  const { recent = null, logged = null, sorted = null, building = false, retired = false } = row ?? {};
  const history = { logged: logged !== null, sorted: sorted !== null };
  return {
    ...(recent !== null && { recentSeconds: Math.max(0, recent) }),
    ...((history.logged || history.sorted) && { historicalSeconds: Math.max(0, logged ?? 0, sorted ?? 0) }),
    history,
    building,
    retired,
  };
}

/** Seconds, null where nothing waits. */
interface Seen {
  recent: number | null;
  logged: number | null;
  sorted: number | null;
  building: boolean;
  retired: boolean;
}
