import { HttpProblem } from '@event-analytics/service-kit';
import { classifyDatabaseError, StatementTimeoutError } from '@event-analytics/timescale';

import { TooManyQueriesError } from '../bounded-queries.js';
import { InvalidQueryError } from '../use-cases/stats-context.js';

/** The range or the number of windows has to shrink, or the load: soon is not better than now. */
const RETRY_SLOW_SECONDS = 30;
const RETRY_DOWN_SECONDS = 5;
const RETRY_BUSY_SECONDS = 1;

/** What an error of this service means to a client; what it does not know it hands back as it is. */
export function toProblem(error: unknown): unknown {
  if (error instanceof InvalidQueryError) {
    return HttpProblem.unprocessable('The query is not valid: see errors.', error.errors);
  }
  if (error instanceof StatementTimeoutError) {
    const detail = `The statistic took longer than ${error.timeoutMs} ms. Ask for a shorter range or fewer windows.`;
    return HttpProblem.unavailable(detail, RETRY_SLOW_SECONDS, { code: 'statement_timeout', cause: error });
  }
  if (error instanceof TooManyQueriesError) {
    return HttpProblem.unavailable('Too many statistics are asked for at once.', RETRY_BUSY_SECONDS, {
      code: 'overloaded',
      cause: error,
    });
  }
  const { kind, sqlState } = classifyDatabaseError(error);
  if (kind === 'retryable') {
    return HttpProblem.unavailable('The database cannot be reached at the moment.', RETRY_DOWN_SECONDS, {
      code: 'database_unavailable',
      cause: error,
    });
  }
  if (sqlState === UNDEFINED_TABLE) {
    return HttpProblem.unavailable('The database is not migrated yet.', RETRY_DOWN_SECONDS, {
      code: 'database_unavailable',
      cause: error,
    });
  }
  return error;
}

const UNDEFINED_TABLE = '42P01';
