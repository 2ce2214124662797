import { connectDatabase, migrate, type Database } from '@event-analytics/timescale';

/** The columns of events that a copy fills. */
export const COPIED_COLUMNS = 'event_id, occurred_at, user_id, event_type, properties';

/** A database of its own, migrated. @returns its URL */
export async function createDatabase(postgresUrl: string, name: string): Promise<string> {
  await withDatabase(postgresUrl, (db) => db.run((sql) => sql.unsafe(`CREATE DATABASE ${name}`)));
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  await withDatabase(url.href, (db) => migrate(db));
  return url.href;
}

export async function withDatabase<T>(url: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = connectTo(url, 1);
  try {
    return await work(db);
  } finally {
    await db.end({ timeout: 5 });
  }
}

/** Nothing here is given up for its being slow. */
export function connectTo(url: string, maxConnections: number): Database {
  return connectDatabase({ url, applicationName: 'bench', maxConnections, answerTimeoutMs: Infinity });
}

/** Of the table of events. */
export async function countRows(db: Database): Promise<number> {
  const [row] = await db.run((sql) => sql<{ rows: number }[]>`SELECT count(*)::int AS rows FROM events`);
  return row?.rows ?? NaN;
}

/** Whether everything is folded. */
export async function logIsEmpty(db: Database): Promise<boolean> {
  const [row] = await db.run(
    (sql) => sql<{ empty: boolean }[]>`SELECT NOT EXISTS (SELECT FROM activity_log) AS empty`,
  );
  return row?.empty === true;
}
