import type { Database } from '../database.js';
import { deleteEmptyImport } from '../queries/imports_change.js';

/** Of an import that never got to its first chunk nothing is left; any other stays as it is. @returns whether it is gone */
export async function forgetImport(db: Database, id: number): Promise<boolean> {
  return await db.run((sql) => deleteEmptyImport(sql, id));
}
