import type { Database } from './database.js';
import { appliedMigrations, compareMigrations } from './migrate.js';
import { recordedStorage, type StorageKind } from './storage.js';

export interface DatabaseState {
  /** The server's version, as `15.8`. */
  version: string;
  /** null before the first migration. */
  storage: StorageKind | null;
  /** Whether it has every migration that this code knows (and maybe newer ones). */
  migrated: boolean;
  /** The first migration that this code does not know. Absent where it knows them all. */
  newer?: string;
}

/** Asks the server; for health checks. @throws what the driver throws, or DatabaseError answer_timeout */
export function checkDatabase(db: Database, { timeoutMs }: { timeoutMs: number }): Promise<DatabaseState> {
  return db.transaction(
    async (sql) => {
      const [server] = await sql<{ version: string; prepared: boolean }[]>`
        SELECT current_setting('server_version') AS version, to_regclass('event_storage') IS NOT NULL AS prepared`;
      const version = server?.version.replace(/ .*/, '') ?? '';
      const storage = server?.prepared ? await recordedStorage(sql) : undefined;
      if (storage === undefined) return { version, storage: null, migrated: false };
      const { migrated, newer } = compareMigrations(storage, await appliedMigrations(sql));
      return { version, storage, migrated, ...(newer !== undefined && { newer }) };
    },
    { readOnly: true, statementTimeoutMs: timeoutMs, answerTimeoutMs: timeoutMs },
  );
}
