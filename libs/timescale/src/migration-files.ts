import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { StorageKind } from './storage.js';

export interface Migration {
  id: number;
  /** The file's name. */
  name: string;
  sql: string;
  /** SHA-256 of the text, in hex. */
  checksum: string;
}

const NAME = /^(\d{4})_[a-z0-9_]+(?:\.(partitions|timescaledb))?\.sql$/;

/**
 * The migrations of a storage, in order. `0007_x.sql` is for both; `0007_x.partitions.sql` and
 * `0007_x.timescaledb.sql` are the same step for one each.
 * @throws Error when the folder is not 1, 2, 3 … for that storage
 */
export function readMigrations(folder: URL, storage: StorageKind): Migration[] {
  const migrations: Migration[] = [];
  for (const name of readdirSync(folder).sort()) {
    const [, id, only] = NAME.exec(name) ?? [];
    if (id === undefined) throw new Error(`not a migration's name: ${name}`);
    if (only !== undefined && only !== storage) continue;
    // A checkout may have turned the line ends.
    const sql = readFileSync(new URL(name, folder), 'utf8').replaceAll('\r\n', '\n');
    migrations.push({ id: Number(id), name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
  }
  migrations.forEach(({ id, name }, index) => {
    if (id !== index + 1) throw new Error(`migration ${index + 1} of ${storage} is missing before ${name}`);
  });
  return migrations;
}
