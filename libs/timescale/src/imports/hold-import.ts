import { classifyDatabaseError } from '../classify-error.js';
import { lateError } from '../connect.js';
import type { Database, Sql } from '../database.js';
import { DatabaseError } from '../errors.js';
import {
  endSession,
  readSession,
  tryLockImport,
  unlockImport,
  type ImportWork,
  type Session,
} from '../queries/import_lock.js';
import { markImportSeen } from '../queries/imports_change.js';
import { ImportBusyError } from './import-busy-error.js';

interface ImportHold {
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
/** Of one statement; the hold as a whole has no end. */
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Takes an import for this process alone, until it releases it or ends: the server knows when its connection is gone, so
 * that another can have it at once. Holds a connection of the pool meanwhile; where that is lost, it takes another.
 * @throws ImportBusyError another process is at it; DatabaseError
 */
export async function holdImport(db: Database, id: number, work: ImportWork): Promise<ImportHold> {
  let failure: Error | undefined;
  let isReleased = false;
  let session: Session | undefined;
  let wake = (): void => undefined;
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

  const take = async (sql: Sql): Promise<void> => {
    // Ours, which the server may not yet have seen go.
    if (session) await inTime(endSession(sql, session));
    session = await inTime(readSession(sql));
    const giveUpAt = Date.now() + BUSY_FOR_MS;
    while (!(await inTime(tryLockImport(sql, id, work)))) {
      if (Date.now() > giveUpAt || isReleased) throw new ImportBusyError(id);
      await pause(AGAIN_AFTER_MS);
    }
    tell();
  };
  const keep = async (sql: Sql): Promise<void> => {
    try {
      while (!isReleased) {
        await pause(SEEN_EVERY_MS);
        await inTime<unknown>(work === 'import' ? markImportSeen(sql, id) : sql`SELECT 1`);
      }
      await inTime(unlockImport(sql, id, work));
    } catch (cause) {
      // Whatever it was, the connection must not go back into the pool with the lock.
      throw new DatabaseError('connection_lost', `the connection that held import ${id} failed`, { cause });
    }
  };
  const holdOn = async (): Promise<void> => {
    let wasTaken = false;
    while (!isReleased) {
      try {
        await db.run(
          async (sql) => {
            await take(sql);
            wasTaken = true;
            await keep(sql);
          },
          { answerTimeoutMs: Infinity },
        );
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

async function inTime<T>(answer: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lateError(ANSWER_TIMEOUT_MS)), ANSWER_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
