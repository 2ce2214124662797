import { classifyDatabaseError } from '../classify-error.js';
import type { Database, Sql } from '../database.js';
import { tryLockImport, unlockImport, type ImportWork } from '../queries/import_lock.js';
import { markImportSeen } from '../queries/imports_change.js';
import { ImportBusyError } from './import-busy-error.js';

export interface ImportHold {
  /** @throws ImportBusyError the connection was lost, and another process took over */
  check(): void;
  /** Lets others have it. */
  release(): Promise<void>;
}

/** The driver closes a connection that is idle for a minute. */
const SEEN_EVERY_MS = 5_000;
const AGAIN_AFTER_MS = 200;
/** Whose process was just killed may still have it for a moment. */
const BUSY_FOR_MS = 3_000;

/**
 * Takes an import for this process alone, until it releases it or ends: the server knows when its connection is gone, so
 * that another can have it at once. Holds a connection of the pool meanwhile; where that is lost, it takes another.
 * @throws ImportBusyError another process is at it; DatabaseError
 */
export async function holdImport(db: Database, id: number, work: ImportWork): Promise<ImportHold> {
  let failure: Error | undefined;
  let isReleased = false;
  let wake = (): void => undefined;
  let wasTaken = false;
  let tell = (): void => undefined;
  const taken = new Promise<void>((resolve) => (tell = resolve));
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const hold = async (sql: Sql): Promise<void> => {
    const giveUpAt = Date.now() + BUSY_FOR_MS;
    while (!(await tryLockImport(sql, id, work))) {
      if (Date.now() > giveUpAt || isReleased) throw new ImportBusyError(id);
      await pause(AGAIN_AFTER_MS);
    }
    wasTaken = true;
    tell();
    try {
      while (!isReleased) {
        await pause(SEEN_EVERY_MS);
        await (work === 'import' ? markImportSeen(sql, id) : sql`SELECT 1`);
      }
    } finally {
      await unlockImport(sql, id, work);
    }
  };
  const holdOn = async (): Promise<void> => {
    while (!isReleased) {
      try {
        await db.run(hold, { answerTimeoutMs: Infinity });
      } catch (error) {
        if (!wasTaken || classifyDatabaseError(error).kind !== 'retryable') throw error;
        if (!isReleased) await pause(AGAIN_AFTER_MS);
      }
    }
  };

  const held = holdOn();
  held.catch((error: unknown) => (failure = toError(error)));
  await Promise.race([taken, held]);
  return {
    check: () => {
      if (failure !== undefined) throw failure;
    },
    release: async () => {
      isReleased = true;
      wake();
      await held.catch(() => undefined);
    },
  };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
