import type { Database, Sql } from './database.js';
import { classifyDatabaseError } from './classify-error.js';
import { RawDataDroppedError, StatementTimeoutError } from './errors.js';
import { retainedFromBucket } from './queries/retained_from_read.js';
import { instant } from './sql-text.js';
import { BUCKET_MS } from './quarter-counts.js';

const STATEMENT_TIMEOUT_MS = 30_000;
/** The server stops a statement itself; past this all statements together took too long, or it is silent. */
const ANSWER_GRACE_MS = 2_000;

export interface StatisticOptions {
  /** How long PostgreSQL may take (default 30 s). */
  statementTimeoutMs?: number | undefined;
}

/** As TransactionOptions has it. */
export interface ReadOptions extends StatisticOptions {
  repeatableRead?: boolean;
}

/**
 * A statement of a statistic on a connection whose statement_timeout is statementTimeoutMs or less.
 * @throws StatementTimeoutError
 */
export async function runStatement<T>(
  db: Database,
  statementTimeoutMs: number,
  work: (sql: Sql) => PromiseLike<T>,
): Promise<T> {
  try {
    return await db.run(work, { answerTimeoutMs: statementTimeoutMs + ANSWER_GRACE_MS });
  } catch (error) {
    if (!tookTooLong(error)) throw error;
    throw new StatementTimeoutError(statementTimeoutMs, { cause: error });
  }
}

/** A read-only transaction under a statement timeout. @throws StatementTimeoutError */
export async function readStatistics<T>(
  db: Database,
  { statementTimeoutMs = STATEMENT_TIMEOUT_MS, repeatableRead = false }: ReadOptions,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  try {
    return await db.transaction(work, {
      readOnly: true,
      repeatableRead,
      statementTimeoutMs,
      answerTimeoutMs: statementTimeoutMs + ANSWER_GRACE_MS,
    });
  } catch (error) {
    if (!tookTooLong(error)) throw error;
    throw new StatementTimeoutError(statementTimeoutMs, { cause: error });
  }
}

/** It does not say that the server is away: of a silent one a statistic cannot know, that is a probe's to find out. */
function tookTooLong(error: unknown): boolean {
  const { sqlState, name } = classifyDatabaseError(error);
  return sqlState === '57014' || name === 'answer_timeout';
}

/** Which events a statistic needs: those from this instant on (RFC 3339), or all that there ever were. */
export type NeededEvents = { from: string } | 'everything';

/**
 * The same for what is computed from events: refused where some of those that it needs were dropped.
 * @throws StatementTimeoutError, RawDataDroppedError
 */
export async function readEventStatistics<T>(
  db: Database,
  { needs, ...options }: ReadOptions & { needs: NeededEvents },
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  return await readStatistics(db, options, async (sql) => {
    // From here to the end of the transaction nothing is dropped; only then the watermark is read.
    await sql`LOCK TABLE ONLY events IN ACCESS SHARE MODE`;
    const bucket = await retainedFromBucket(sql);
    if (bucket !== undefined) {
      const retainedFromMs = bucket * BUCKET_MS;
      const isWhole = needs !== 'everything' && Date.parse(needs.from) >= retainedFromMs;
      if (!isWhole) throw new RawDataDroppedError(instant(retainedFromMs));
    }
    return await work(sql);
  });
}
