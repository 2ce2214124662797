import type { Database } from '../database.js';
import { beginImportRow, type BegunImport, type ImportIdentity } from '../queries/imports_begin.js';

/**
 * Finds the import of this identity that is running or finished, else begins one. Processes that begin the same at
 * once get one number. What is undone, or is being undone, is begun anew; and a stream always is.
 */
export async function beginImport(db: Database, identity: ImportIdentity): Promise<BegunImport> {
  const begun = await beginImportRow(db, identity);
  if (begun === undefined) throw new Error('INSERT INTO imports returned nothing');
  return begun;
}
