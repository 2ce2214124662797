import type { Database, Sql } from './database.js';
import { classifyDatabaseError } from './classify-error.js';
import { StatementTimeoutError } from './errors.js';

const STATEMENT_TIMEOUT_MS = 30_000;
/** The server stops the statement itself; past this it is not there any more. */
const ANSWER_GRACE_MS = 2_000;

export interface StatisticOptions {
  /** How long PostgreSQL may take (default 30 s). */
  statementTimeoutMs?: number | undefined;
}

/** As TransactionOptions has it. */
export interface ReadOptions extends StatisticOptions {
  repeatableRead?: boolean;
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
    if (classifyDatabaseError(error).sqlState !== '57014') throw error;
    throw new StatementTimeoutError(statementTimeoutMs, { cause: error });
  }
}
