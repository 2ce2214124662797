import type { Logger } from '@event-analytics/service-kit';
import { classifyDatabaseError, migrate, type Database } from '@event-analytics/timescale';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/**
 * Migrates as soon as the database can be reached, however long that takes. Rejects when waiting cannot help:
 * the schema is of another version. `pause` ends early, and nothing is tried any more, once `signal` is aborted.
 */
export async function migrateOnStart(o: {
  db: Database;
  log: Logger;
  pause: (ms: number) => Promise<void>;
  signal: AbortSignal;
}): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS; !o.signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      const { applied, storage } = await migrate(o.db, { log: o.log });
      o.log.info('migrated', { applied: applied.length, storage });
      return;
    } catch (error) {
      if (needsSomebody(error)) throw error;
      o.log.warn('migration_delayed', { wait_ms: waitMs, error });
      // Several copies that start together do not come back together.
      await o.pause(waitMs * (0.5 + Math.random() / 2));
    }
  }
}

const HOPELESS = new Set<string | undefined>(['schema_newer', 'migration_edited', 'storage_missing']);

function needsSomebody(error: unknown): boolean {
  return HOPELESS.has(classifyDatabaseError(error).name);
}
