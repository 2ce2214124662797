import type { Database, Sql } from './database.js';
import { anyImports, CAME_BY_ITSELF, claimEvents } from './queries/import_claims_make.js';
import type { WritableEvent } from './queries/events_insert.js';
import { retryTransient } from './retry-transient.js';
import { insertAndCount, keepDuplicates } from './write-and-claim.js';
import { attemptWrite } from './write-attempts.js';

export interface WriteResult {
  inserted: number;
  /** Were there already, or stood twice among the events. */
  duplicates: number;
  /** Absent where there are none. */
  tooOld?: TooOldEvents;
}

/** Events from before the watermark: they could have been there and been dropped, so they are not stored. */
export interface TooOldEvents {
  /** Positions among the events that were to be written. */
  indexes: number[];
  /** The watermark: RFC 3339, UTC. */
  retainedFrom: string;
}

export interface WriteOptions {
  /**
   * Runs in the write's transaction, after the insert: what it writes is there exactly when the events
   * are. Runs again when the transaction had to be done again.
   */
  within?: (tx: Sql, result: WriteResult) => Promise<void>;
  /** When the service took those events that do not say it themselves (RFC 3339); default: now by this clock. */
  receivedAt?: string;
}

/**
 * Stores events, each (event_id, occurred_at) once for ever: of equal ones the first wins. All or
 * nothing, durable when it resolves. Whether a rejected write was stored can be unknown (the answer
 * to the commit was lost): writing the same again is always safe. Events from before the watermark are left
 * out, and named: with dropped raw data nobody can say whether they were counted.
 *
 * No undo of an import removes what was written, also where an import had brought it before.
 * @param events of a size the caller bounds; 5,000 to 10,000 a call are fastest
 * @throws what the server or driver throws (see classifyDatabaseError), and what `within` throws
 */
export async function writeEvents(
  db: Database,
  events: readonly WritableEvent[],
  options: WriteOptions = {},
): Promise<WriteResult> {
  const { within, receivedAt = new Date().toISOString() } = options;
  const insert = (sql: Sql, unseen: boolean) => insertAndCount(sql, events, { receivedAt, unseen });

  if (within !== undefined) {
    return attemptWrite(db, events, ({ unseen }) =>
      db.transaction(async (sql) => {
        const result = await keepDuplicates(events, await insert(sql, unseen), {
          claim: async () => ((await anyImports(sql)) ? claim(sql, events) : NOTHING_MISSING),
          write: () => insert(sql, false),
        });
        await within(sql, result);
        return result;
      }),
    );
  }
  // A single statement is a transaction of its own, at a third of the round trips. The claims are another: who dies
  // between the two has acknowledged nothing, and all of it is written again.
  const first = await attemptWrite(db, events, ({ unseen }) => db.run((sql) => insert(sql, unseen)));
  return keepDuplicates(events, first, {
    claim: async () =>
      (await db.run(anyImports))
        ? retryTransient(() => db.run((sql) => claim(sql, events)))
        : NOTHING_MISSING,
    write: () => attemptWrite(db, events, () => db.run((sql) => insert(sql, false))),
  });
}

const NOTHING_MISSING = { missing: 0 };

const claim = (sql: Sql, events: readonly WritableEvent[]) => claimEvents(sql, events, CAME_BY_ITSELF);
