import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { quarterHourDays } from '@event-analytics/calendar';
import type { Database } from '@event-analytics/timescale';
import type { Cells } from './cells.js';

const THREADS = '2';
const BUCKET_MS = 900_000;

export interface DuckDb {
  /** How long it took to get the rows out of PostgreSQL and in here. */
  loadMs: number;
  /** Answers are about the days of this zone from now on. */
  useZone(zone: string): Promise<void>;
  /** @param statement whose rows are (cell, number) */
  ask(statement: string): Promise<Cells>;
  close(): void;
}

/**
 * The same rows in DuckDB's own format, in a file. Its events have the number of their day (UTC) beside them,
 * which is more than PostgreSQL's have: nothing has to be computed for it, and it skips the blocks of other days.
 */
export async function loadDuckDb(
  db: Database,
  { file, fromMs, toMs }: { file: string; fromMs: number; toMs: number },
): Promise<DuckDb> {
  const beganMs = performance.now();
  const csv = await exportRows(db);
  const instance = await DuckDBInstance.create(file, { threads: THREADS });
  const connection = await instance.connect();
  await connection.run(`
    CREATE TABLE events AS
    SELECT (at_ms // 86400000)::INTEGER AS day, at_ms, user_id, event_type
    FROM read_csv('${csv}', header = false,
      columns = {'at_ms': 'BIGINT', 'user_id': 'VARCHAR', 'event_type': 'VARCHAR'})`);
  await connection.run('CHECKPOINT');
  rmSync(csv);
  const loadMs = performance.now() - beganMs;

  return {
    loadMs,
    async useZone(zone) {
      if (zone === 'UTC') {
        await connection.run('CREATE OR REPLACE VIEW e AS SELECT day, user_id, event_type FROM events');
        return;
      }
      await makeDays(connection, { zone, fromMs, toMs });
      await connection.run(`
        CREATE OR REPLACE VIEW e AS
        SELECT days.day, user_id, event_type FROM events JOIN days ON at_ms // ${String(BUCKET_MS)} = bucket`);
    },
    async ask(statement) {
      const reader = await connection.runAndReadAll(statement);
      return new Map(reader.getRows().map(([cell, number]) => [String(cell), Number(number)]));
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Written by the server itself, into its own folder. @returns the file */
async function exportRows(db: Database): Promise<string> {
  const [row] = await db.run(
    (sql) => sql<{ directory: string }[]>`SELECT current_setting('data_directory') AS directory`,
  );
  const csv = join(row?.directory ?? '', 'events.csv');
  await db.run((sql) =>
    sql.unsafe(`
      COPY (SELECT floor(date_part('epoch', occurred_at) * 1000)::bigint, user_id, event_type FROM events)
      TO '${csv}' (FORMAT csv)`),
  );
  return csv;
}

/** The local day of each quarter of an hour. */
async function makeDays(
  connection: DuckDBConnection,
  { zone, fromMs, toMs }: { zone: string; fromMs: number; toMs: number },
): Promise<void> {
  const days = quarterHourDays(zone);
  await connection.run('CREATE OR REPLACE TABLE days (bucket BIGINT, day INTEGER)');
  const appender = await connection.createAppender('days');
  for (let bucket = Math.floor(fromMs / BUCKET_MS); bucket * BUCKET_MS < toMs; bucket++) {
    appender.appendBigInt(BigInt(bucket));
    appender.appendInteger(days.dayOfBucket(bucket));
    appender.endRow();
  }
  appender.closeSync();
}
