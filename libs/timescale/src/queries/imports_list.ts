import type { Sql } from '../database.js';
import type { ImportState } from '../imports/import-state-error.js';
import { importIsLocked } from './import_lock.js';

/** Rows that were decided: inserted + duplicates + rejected = rows. */
export interface ImportCountsOf {
  rows: number;
  inserted: number;
  duplicates: number;
  rejected: number;
}

/** An import and what is done of it. */
export interface ImportSummary {
  id: number;
  source: string;
  settings: Record<string, unknown>;
  /** Hex SHA-256 of the file; null of a stream, as its size. */
  digest: string | null;
  sizeBytes: number | null;
  state: ImportState;
  startedAt: Date;
  /** When its process was last heard of. */
  seenAt: Date;
  /** When it was finished or undone. */
  endedAt: Date | null;
  counts: ImportCountsOf;
  /** That have rows: a header is one without. */
  chunks: number;
  /** Of the decompressed text; rows where the input is no text. */
  doneBytes: number;
  /** Of its events; null: there are none. */
  earliest: Date | null;
  latest: Date | null;
  /** A process is at it. */
  alive: boolean;
}

/** All of them, or the one of that number; by number. */
export async function readImportSummaries(sql: Sql, id?: number): Promise<ImportSummary[]> {
  const rows = await sql<(Omit<ImportSummary, 'counts'> & ImportCountsOf)[]>`
    SELECT id, source, settings, encode(imports.digest, 'hex') AS digest, size_bytes::float8 AS "sizeBytes", state,
      started_at AS "startedAt", seen_at AS "seenAt", ended_at AS "endedAt",
      coalesce(done.rows, 0)::float8 AS rows, coalesce(done.inserted, 0)::float8 AS inserted,
      coalesce(done.duplicates, 0)::float8 AS duplicates, coalesce(done.rejected, 0)::float8 AS rejected,
      coalesce(done.chunks, 0)::int4 AS chunks, coalesce(done.bytes, 0)::float8 AS "doneBytes", earliest, latest,
      state IN ('running', 'undoing') AND ${importIsLocked(sql)} AS alive
    FROM imports
    LEFT JOIN (
      SELECT import_id, count(*) FILTER (WHERE rows > 0) AS chunks, sum(end_at - start_at) AS bytes, sum(rows) AS rows, sum(inserted) AS inserted,
        sum(duplicates) AS duplicates, sum(rejected) AS rejected, min(earliest) AS earliest, max(latest) AS latest
      FROM import_chunks
      ${id === undefined ? sql`` : sql`WHERE import_id = ${id}`}
      GROUP BY import_id
    ) AS done ON import_id = id
    ${id === undefined ? sql`` : sql`WHERE id = ${id}`}
    ORDER BY id`;
  return rows.map(({ rows: count, inserted, duplicates, rejected, ...summary }) => ({
    ...summary,
    counts: { rows: count, inserted, duplicates, rejected },
  }));
}
