import type { Sql } from '../database.js';
import type { ImportCountsOf } from './imports_list.js';

/** A stretch of an input, cut at row ends. */
export interface ChunkRange {
  /** Bytes of the decompressed text; rows where the input is no text. */
  start: number;
  end: number;
  /** From 1. */
  firstLine: number;
  lines: number;
  /** Hex SHA-256 of what stands there. */
  digest: string;
}

export interface TakenChunk {
  /** The import is running, and stays so until the transaction ends. */
  running: boolean;
  /** False: another transaction wrote it. */
  taken: boolean;
}

/**
 * Makes the row of a chunk, its counts still to come. Who takes the same chunk meanwhile waits for the end of this
 * transaction; and so does an undo, which takes the row of its import FOR UPDATE.
 */
export async function takeImportChunk(sql: Sql, id: number, chunk: ChunkRange): Promise<TakenChunk> {
  const { start, end, firstLine, lines, digest } = chunk;
  const [row] = await sql<TakenChunk[]>`
    WITH running AS (
      SELECT id FROM imports WHERE id = ${id} AND state = 'running' FOR KEY SHARE
    ), taken AS (
      INSERT INTO import_chunks
        (import_id, start_at, end_at, first_line, lines, digest, rows, inserted, duplicates, rejected)
      SELECT id, ${start}::bigint, ${end}::bigint, ${firstLine}::bigint, ${lines}::bigint, decode(${digest}, 'hex'),
        0, 0, 0, 0
      FROM running
      ON CONFLICT DO NOTHING
      RETURNING import_id
    )
    SELECT EXISTS (SELECT FROM running) AS running, EXISTS (SELECT FROM taken) AS taken`;
  return row ?? { running: false, taken: false };
}

/** @param o.earliest  of its events, RFC 3339 as is `latest`; undefined: there are none */
export async function countImportChunk(
  sql: Sql,
  { id, start }: { id: number; start: number },
  o: ImportCountsOf & { earliest: string | undefined; latest: string | undefined },
): Promise<void> {
  await sql`
    UPDATE import_chunks
    SET rows = ${o.rows}, inserted = ${o.inserted}, duplicates = ${o.duplicates}, rejected = ${o.rejected},
      earliest = ${o.earliest ?? null}::timestamptz, latest = ${o.latest ?? null}::timestamptz
    WHERE import_id = ${id} AND start_at = ${start}::bigint`;
}
