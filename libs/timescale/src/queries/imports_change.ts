import type { Sql } from '../database.js';
import type { ImportState } from '../imports/import-state-error.js';

/** How an import was before and whether it was changed; undefined: there is none of that number. */
export interface ImportChange {
  state: ImportState;
  changed: boolean;
}

/** One that is running; one that is finished stays as it is. */
export async function finishImportRow(sql: Sql, id: number): Promise<ImportChange | undefined> {
  const [row] = await sql<ImportChange[]>`
    WITH changed AS (
      UPDATE imports SET state = 'finished', seen_at = now(), ended_at = coalesce(ended_at, now())
      WHERE id = ${id} AND state IN ('running', 'finished')
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
