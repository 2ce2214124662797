import { connectTo, countRows, withDatabase } from '../database.js';
import { makePartitions } from '../queries/data.js';
import type { Database } from '@event-analytics/timescale';
import type { Stack } from '../ingest/stack.js';
import type { HistoryShape } from './csv-rows.js';

const DAY_MS = 86_400_000;

export interface FreshDatabase {
  url: string;
  db: Database;
  rows: () => Promise<number>;
}

/** All databases that are made from now on are on this storage. @throws Error where the server lacks it */
export async function insistOnStorage(postgresUrl: string, timescaledb: boolean): Promise<void> {
  await withDatabase(postgresUrl, async (db) => {
    if (timescaledb) {
      const found = await db.run(
        (sql) => sql`SELECT FROM pg_available_extensions WHERE name = 'timescaledb'`,
      );
      if (found.length === 0) throw new Error('--timescaledb: this PostgreSQL has none');
    }
    await db.run((sql) =>
      sql.unsafe(
        `ALTER ROLE CURRENT_USER SET event_analytics.storage = '${timescaledb ? 'timescaledb' : 'partitions'}'`,
      ),
    );
  });
}

/** Runs with a database made by our migrations, after a checkpoint; it is dropped in the end. */
export async function withFreshDatabase<T>(
  stack: Stack,
  work: (fresh: FreshDatabase) => Promise<T>,
): Promise<T> {
  const name = 'bench_import';
  const url = await stack.createDatabase(name);
  const db = connectTo(url, 2);
  try {
    await db.run((sql) => sql`CHECKPOINT`);
    return await work({ url, db, rows: () => countRows(db) });
  } finally {
    await db.end({ timeout: 5 });
    await withDatabase(stack.servers.postgresUrl, (other) =>
      other.run((sql) => sql.unsafe(`DROP DATABASE ${name} WITH (FORCE)`)),
    );
  }
}

/** For those that make none themselves, beforehand and untimed. */
export function makeHistoryPartitions(db: Database, { endMs, days }: HistoryShape): Promise<void> {
  return makePartitions(db, [{ startMs: endMs - days * DAY_MS, days }]);
}
