import { unlessLocked } from '../classify-error.js';
import type { Database, Sql } from '../database.js';
import { INCARNATION } from '../incarnation.js';
import { endSilentFold } from '../queries/silent_fold_end.js';

/** activity_state, as it will be once the transaction commits. */
export interface FoldState {
  /** The number of this fold. */
  seq: number;
  /** Of the database: see INCARNATION. */
  incarnation: string;
  nextUser: number;
  nextType: number;
  /** What to remember once the transaction has committed: till then it need not come true. */
  afterCommit: (() => void)[];
}

/** A fold takes milliseconds; past this the server is asked to stop a statement of it, and it is done again. */
const FOLD_TIMEOUT_MS = 60_000;
/** Between two statements it counts for less than a second; who is silent for longer hangs, and another takes over. */
const FOLD_SILENT_MS = 5_000;
/** Of a transaction that takes the fold's lock, whatever the session's are. */
export const FOLD_LIMITS = {
  answerTimeoutMs: 2 * FOLD_TIMEOUT_MS,
  statementTimeoutMs: FOLD_TIMEOUT_MS,
  idleTimeoutMs: FOLD_SILENT_MS,
};

/**
 * Takes the fold's lock for the transaction and begins the next fold; undefined where somebody else has it.
 * Whoever holds it is alone in writing the index; who holds it and hangs loses it to the next who asks.
 * @param snapshot the transaction is REPEATABLE READ: it then fails with 40001, to be done again, where another
 * fold committed between its snapshot and the lock
 */
export async function beginFold(
  sql: Sql,
  { snapshot }: { snapshot: boolean },
): Promise<FoldState | undefined> {
  const [lock] = await sql<{ taken: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended('event_analytics.fold', 0)) AS taken`;
  if (!lock?.taken) {
    await endFoldThatHangs(sql);
    return undefined;
  }
  const [row] = await sql<{ seq: string; next_user: number; next_type: number; incarnation: string }[]>`
    SELECT seq, next_user, next_type, ${sql.unsafe(INCARNATION)} AS incarnation
    FROM activity_state ${snapshot ? sql`FOR UPDATE` : sql``}`;
  if (row === undefined) throw new Error('activity_state is empty: the database is not migrated');
  return {
    seq: Number(row.seq) + 1,
    incarnation: row.incarnation,
    nextUser: row.next_user,
    nextType: row.next_type,
    afterCommit: [],
  };
}

/** The last statement of a fold. */
export async function endFold(sql: Sql, state: FoldState): Promise<void> {
  await sql`
    UPDATE activity_state SET seq = ${state.seq}, next_user = ${state.nextUser}, next_type = ${state.nextType}`;
}

/**
 * A transaction that needs the fold's lock and waits for whoever has it; who holds it and hangs loses it.
 * @throws 55P03 (lock_not_available) where it was not free for a minute; what the server or driver throws
 */
export async function afterFold<T>(db: Database, work: (sql: Sql) => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + FOLD_TIMEOUT_MS;
  for (;;) {
    try {
      return await db.transaction(
        async (sql) => {
          await sql`SELECT pg_advisory_xact_lock(hashtextextended('event_analytics.fold', 0))`;
          return await work(sql);
        },
        { ...FOLD_LIMITS, lockTimeoutMs: FOLD_SILENT_MS },
      );
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      unlessLocked(error);
      await db.run(endFoldThatHangs);
    }
  }
}

async function endFoldThatHangs(sql: Sql): Promise<void> {
  await endSilentFold(sql, { silentMs: FOLD_SILENT_MS, unreadMs: FOLD_TIMEOUT_MS });
}
