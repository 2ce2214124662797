import type { Database } from '../database.js';
import { finishImportRow } from '../queries/imports_change.js';
import { ImportStateError } from './import-state-error.js';

/** All of it is done. Nothing where that was said before. @throws ImportStateError unknown, or undone */
export async function finishImport(db: Database, id: number): Promise<void> {
  const before = await db.run((sql) => finishImportRow(sql, id));
  if (!before?.changed) throw new ImportStateError(id, before?.state, 'cannot finish');
}
