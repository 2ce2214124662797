import type { Sql } from '../database.js';
import type { ChunkRange } from './import_chunks_take.js';
import type { ImportCountsOf } from './imports_list.js';

/** By where they start; all of an import, or the one that starts there. */
export async function listImportChunks(
  sql: Sql,
  id: number,
  start?: number,
): Promise<(ChunkRange & ImportCountsOf)[]> {
  const rows = await sql<(ChunkRange & ImportCountsOf)[]>`
    SELECT start_at::float8 AS start, end_at::float8 AS "end", first_line::float8 AS "firstLine", lines::float8 AS lines,
      encode(digest, 'hex') AS digest, rows, inserted, duplicates, rejected
    FROM import_chunks
    WHERE import_id = ${id} ${start === undefined ? sql`` : sql`AND start_at = ${start}::bigint`}
    ORDER BY start_at`;
  return [...rows];
}
