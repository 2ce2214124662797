import { classifyDatabaseError, DatabaseError } from '@event-analytics/timescale';

/** An operator's words for an error of the database, what it says itself for any other. Holds no password. */
export function describeError(error: unknown, url: string): string {
  const { kind, sqlState, name } = classifyDatabaseError(error);
  if (name === undefined && sqlState === undefined) {
    return error instanceof Error ? error.message : String(error);
  }
  const where = addressOf(url);
  const reason = sqlState === undefined ? name : `${name ?? 'SQLSTATE'} ${sqlState}`;
  if (error instanceof DatabaseError && kind === 'fault') return `${where}: ${error.message}`;
  if (kind === 'retryable' && sqlState === undefined) return `${where} cannot be reached (${reason})`;
  return `${where} refused (${reason})`;
}

function addressOf(url: string): string {
  if (!URL.canParse(url)) return 'PostgreSQL';
  const { hostname, port, pathname } = new URL(url);
  return `PostgreSQL at ${hostname}:${port || '5432'}${pathname}`;
}
