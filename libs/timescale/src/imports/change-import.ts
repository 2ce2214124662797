import type { Database } from '../database.js';
import { changeImportState } from '../queries/imports_change.js';
import { ImportStateError, type ImportState } from './import-state-error.js';

/** All of it is done. Nothing where that was said before. @throws ImportStateError unknown, or undone */
export async function finishImport(db: Database, id: number): Promise<void> {
  await change(db, id, { from: ['running', 'finished'], to: 'finished', wanted: 'cannot finish' });
}

/** It goes on, whether it was finished or not. @throws ImportStateError unknown, or undone */
export async function reopenImport(db: Database, id: number): Promise<void> {
  await change(db, id, { from: ['running', 'finished'], to: 'running', wanted: 'cannot go on with' });
}

async function change(
  db: Database,
  id: number,
  o: { from: readonly ImportState[]; to: 'running' | 'finished'; wanted: string },
): Promise<void> {
  const before = await db.run((sql) => changeImportState(sql, id, o));
  if (!before?.changed) throw new ImportStateError(id, before?.state, o.wanted);
}
