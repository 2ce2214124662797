import type { Database } from '../database.js';
import { leaveDead, withFold, type FoldMemory } from './fold.js';

const ROWS_PER_STEP = 5_000;

/**
 * Deletes some rows of an index that another has taken the place of.
 * @returns how many; undefined when there is no such index, or somebody else has the fold's lock
 */
export async function dropRetiredStep(db: Database, memory: FoldMemory): Promise<number | undefined> {
  return await withFold(db, memory, {}, async (sql) => {
    const [index] = await sql<{ id: number }[]>`
      SELECT id FROM activity_indexes WHERE state = 'retired' ORDER BY id LIMIT 1`;
    if (index === undefined) return { changed: false, result: undefined };
    const [users] = await sql<{ deleted: number; bytes: string }[]>`
      WITH gone AS (
        DELETE FROM activity_users WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM activity_users WHERE index_id = ${index.id} LIMIT ${ROWS_PER_STEP}))
        RETURNING octet_length(users) AS bytes
      ) SELECT count(*)::int4 AS deleted, coalesce(sum(bytes), 0) AS bytes FROM gone`;
    leaveDead(memory, Number(users?.bytes ?? 0));
    const [counts] = await sql<{ deleted: number }[]>`
      WITH gone AS (
        DELETE FROM activity_counts WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM activity_counts WHERE index_id = ${index.id} LIMIT ${ROWS_PER_STEP}))
        RETURNING 1
      ) SELECT count(*)::int4 AS deleted FROM gone`;
    const deleted = (users?.deleted ?? 0) + (counts?.deleted ?? 0);
    if (deleted === 0) await sql`DELETE FROM activity_indexes WHERE id = ${index.id}`;
    return { changed: false, result: deleted };
  });
}
