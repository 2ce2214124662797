import type { Database } from './database.js';
import { appliedMigrations, isMigrated } from './migrate.js';
import { recordedStorage, type StorageKind } from './storage.js';

export interface DatabaseState {
  /** The server's version, as `15.8`. */
  version: string;
  /** null before the first migration. */
  storage: StorageKind | null;
  /** Whether it has every migration that this code knows (and maybe newer ones). */
  migrated: boolean;
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
      return { version, storage, migrated: isMigrated(storage, await appliedMigrations(sql)) };
    },
    { readOnly: true, statementTimeoutMs: timeoutMs, answerTimeoutMs: timeoutMs },
  );
}
