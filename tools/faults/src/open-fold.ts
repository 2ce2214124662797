import { eventually } from '@event-analytics/testkit';
import type { Database } from '@event-analytics/timescale';

/** A transaction that holds the fold's lock and has written something: nearly always a fold. */
export interface OpenFold {
  /** The transaction's id. */
  xid: string;
}

export type FoldFate = 'in progress' | 'committed' | 'aborted';

/** Waits until some writer's indexer is in the middle of a fold. Returns at once: it is open for milliseconds. */
export async function waitForOpenFold(db: Database, { timeoutMs }: { timeoutMs: number }): Promise<OpenFold> {
  const deadlineMs = Date.now() + timeoutMs;
  while (Date.now() < deadlineMs) {
    const [open] = await db.run(
      (sql) => sql<OpenFold[]>`
        SELECT backend_xid::text AS xid FROM pg_stat_activity
        WHERE application_name = 'jetstream-writer-indexer' AND state IN ('active', 'idle in transaction')
          AND xact_start IS NOT NULL AND backend_xid IS NOT NULL
          AND pid IN (
            SELECT pid FROM pg_locks
            WHERE locktype = 'advisory' AND granted
              AND (classid::int8 << 32) | objid::int8 = hashtextextended('event_analytics.fold', 0))`,
    );
    if (open !== undefined) return open;
  }
  throw new Error(`no fold was open within ${String(timeoutMs)} ms`);
}

/** What became of it. */
export async function foldFate(db: Database, { xid }: OpenFold): Promise<FoldFate> {
  // A new server's ids have not wrapped round yet: the short id is the whole.
  const [fold] = await db.run(
    (sql) => sql<{ fate: FoldFate }[]>`SELECT pg_xact_status(${xid}::xid8) AS fate`,
  );
  if (fold === undefined) throw new Error(`nothing is known of transaction ${xid}`);
  return fold.fate;
}

/** Waits until it is committed or aborted. Aborted: it was open when its process was killed. */
export async function waitForFoldFate(
  db: Database,
  fold: OpenFold,
  { timeoutMs }: { timeoutMs: number },
): Promise<FoldFate> {
  return await eventually(
    'the fold is over',
    timeoutMs,
    () => foldFate(db, fold),
    (fate) => fate !== 'in progress',
  );
}
