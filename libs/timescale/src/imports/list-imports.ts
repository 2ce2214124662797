import type { Database } from '../database.js';
import { listImportChunks } from '../queries/import_chunks_list.js';
import type { ChunkRange } from '../queries/import_chunks_take.js';
import { readImportSummaries, type ImportCountsOf, type ImportSummary } from '../queries/imports_list.js';

/** All imports there ever were, by number. */
export function listImports(db: Database): Promise<ImportSummary[]> {
  return db.run((sql) => readImportSummaries(sql));
}

/** Undefined: there is none of that number. */
export async function readImport(db: Database, id: number): Promise<ImportSummary | undefined> {
  const [summary] = await db.run((sql) => readImportSummaries(sql, id));
  return summary;
}

/** What is done of an import, by where it starts. */
export function doneChunks(db: Database, id: number): Promise<(ChunkRange & ImportCountsOf)[]> {
  return db.run((sql) => listImportChunks(sql, id));
}
