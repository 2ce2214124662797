import { HttpProblem } from '@event-analytics/service-kit';
import { classifyDatabaseError, StatementTimeoutError } from '@event-analytics/timescale';

import { TooManyQueriesError } from '../bounded-queries.js';
import { DatabaseAwayError } from '../database-breaker.js';
import { InvalidQueryError } from '../use-cases/stats-context.js';

/** The range or the number of windows has to shrink, or the load: soon is not better than now. */
const RETRY_SLOW_SECONDS = 30;
const RETRY_DOWN_SECONDS = 5;
const RETRY_BUSY_SECONDS = 1;

/** What an error of this service means to a client; what it does not know it hands back as it is. */
export function toProblem(error: unknown): unknown {
  if (error instanceof InvalidQueryError) {
    const detail = 'The query is not valid: see errors.';
    return HttpProblem.unprocessable(detail, error.errors, 'invalid_parameters');
  }
  if (error instanceof StatementTimeoutError) {
    const detail = `The statistic took longer than ${error.timeoutMs} ms. Ask for a shorter range or fewer windows.`;
    return HttpProblem.unavailable(detail, RETRY_SLOW_SECONDS, { code: 'statement_timeout', cause: error });
  }
  if (error instanceof TooManyQueriesError) {
    const detail = 'Too many statistics are asked for at once.';
    return HttpProblem.unavailable(detail, RETRY_BUSY_SECONDS, { code: 'overloaded', cause: error });
  }
  const unavailable = databaseProblem(error);
  if (unavailable === undefined) return error;
  return HttpProblem.unavailable(unavailable, RETRY_DOWN_SECONDS, {
    code: 'database_unavailable',
    cause: error,
  });
}

const AWAY = 'The database cannot be reached at the moment.';

function databaseProblem(error: unknown): string | undefined {
  if (error instanceof DatabaseAwayError) return AWAY;
  const { kind, name } = classifyDatabaseError(error);
  if (kind === 'retryable') return AWAY;
  return name === 'undefined_table' ? 'The database is not migrated yet.' : undefined;
}
