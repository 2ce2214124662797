import type { Sql } from '../database.js';
import type { ImportState } from '../imports/import-state-error.js';

/** How an import was before and whether it was changed; undefined: there is none of that number. */
export interface ImportChange {
  state: ImportState;
  changed: boolean;
}

/** From one of some states into another; ended where that is its end. */
export async function changeImportState(
  sql: Sql,
  id: number,
  { from, to }: { from: readonly ImportState[]; to: 'running' | 'finished' },
): Promise<ImportChange | undefined> {
  const [row] = await sql<ImportChange[]>`
    WITH changed AS (
      UPDATE imports
      SET state = ${to}, seen_at = now(), ended_at = CASE WHEN ${to} = 'finished' THEN coalesce(ended_at, now()) END
      WHERE id = ${id} AND state = ANY(${`{${from.join(',')}}`}::text[])
      RETURNING id
    )
    SELECT state, EXISTS (SELECT FROM changed) AS changed FROM imports WHERE id = ${id}`;
  return row;
}

/** Its process was heard of. Nothing where it is not running. */
export async function markImportSeen(sql: Sql, id: number): Promise<void> {
  await sql`UPDATE imports SET seen_at = now() WHERE id = ${id} AND state = 'running'`;
}

/** One that is running and has no chunk. */
export async function deleteEmptyImport(sql: Sql, id: number): Promise<boolean> {
  const deleted = await sql`
    DELETE FROM imports
    WHERE id = ${id} AND state = 'running' AND NOT EXISTS (SELECT FROM import_chunks WHERE import_id = ${id})`;
  return deleted.count > 0;
}
