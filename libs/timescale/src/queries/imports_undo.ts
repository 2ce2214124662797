import type { Sql } from '../database.js';
import type { ImportState } from '../imports/import-state-error.js';
import { instant } from '../sql-text.js';
import type { ImportedStretch } from './imported_events_hand_over.js';

/** Waits for the chunks that are being written, and has none begin until the transaction ends. */
export async function lockImportRow(sql: Sql, id: number): Promise<ImportState | undefined> {
  const [row] = await sql<{ state: ImportState }[]>`SELECT state FROM imports WHERE id = ${id} FOR UPDATE`;
  return row?.state;
}

/**
 * From the first to the last event that the import can have: of the chunks that inserted any, or had some in common
 * with an import that was undone, which left them to it. Undefined: there are none.
 */
export async function extentOfImport(
  sql: Sql,
  id: number,
): Promise<{ earliestMs: number; latestMs: number } | undefined> {
  const [row] = await sql<{ earliestMs: number | null; latestMs: number | null }[]>`
    SELECT floor(extract(epoch FROM min(earliest)) * 1000)::float8 AS "earliestMs",
      floor(extract(epoch FROM max(latest)) * 1000)::float8 AS "latestMs"
    FROM import_chunks
    WHERE import_id = ${id} AND (inserted > 0 OR duplicates > 0 AND EXISTS (
      SELECT FROM imports WHERE id <> ${id} AND state IN ('undoing', 'undone')))`;
  if (row === undefined || row.earliestMs === null || row.latestMs === null) return undefined;
  return { earliestMs: row.earliestMs, latestMs: row.latestMs };
}

export async function markImportUndoing(sql: Sql, id: number): Promise<void> {
  await sql`UPDATE imports SET state = 'undoing', seen_at = now(), ended_at = NULL WHERE id = ${id}`;
}

/** What the import says of events of others is of no account any more. */
export async function dropOwnClaims(sql: Sql, { importId, fromMs, toMs }: ImportedStretch): Promise<void> {
  await sql`
    DELETE FROM import_claims
    WHERE import_id = ${importId}
      AND occurred_at >= ${instant(fromMs)}::timestamptz AND occurred_at < ${instant(toMs)}::timestamptz`;
}

/** Nothing is left of it but its row. */
export async function markImportUndone(sql: Sql, id: number): Promise<void> {
  await sql`
    WITH undone AS (
      UPDATE imports SET state = 'undone', seen_at = now(), ended_at = now()
      WHERE id = ${id} AND state = 'undoing'
    ), claims AS (
      DELETE FROM import_claims WHERE import_id = ${id}
    )
    DELETE FROM import_chunks WHERE import_id = ${id}`;
}
