import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startServers, type Servers } from '@event-analytics/stack';
import { withDatabase } from '../database.js';
import { GIB, requireRoom } from '../disk-room.js';
import type { Progress } from './progress.js';

/** Rows and their key, the copy for DuckDB, DuckDB's own and the index; and PostgreSQL's log beside them. */
const BYTES_AN_EVENT = 320;
const BYTES_BESIDE = 6 * GIB;

export interface BenchServers {
  /** A folder that is gone with this process, however that ends: also when it is killed. */
  scratch: string;
  /** Whose data may be lost (no fsync): for what is only read. With more working memory, in favour of SQL. */
  forQueries: Servers;
  /** As in production: what is written has to reach the disk, whole pages in the log. To be stopped by the caller. */
  startDurable(only: readonly ('postgres' | 'nats')[]): Promise<Servers>;
  stop(): Promise<void>;
}

/** @throws Error when the disk has too little room */
export async function startBenchServers(o: { events: number; progress: Progress }): Promise<BenchServers> {
  o.progress(await requireRoom(tmpdir(), o.events * BYTES_AN_EVENT + BYTES_BESIDE));

  const forQueries = await startServers({ only: ['postgres'], mode: 'native' });
  let started = 0;
  const scratch = await tuneForQueries(forQueries);
  return {
    scratch,
    forQueries,
    startDurable: (only) =>
      startServers({ only, mode: 'native', dataDir: join(scratch, `durable-${String(++started)}`) }),
    stop: () => forQueries.stop(),
  };
}

/** @returns the folder of these servers */
async function tuneForQueries({ postgresUrl, postgres }: Servers): Promise<string> {
  const directory = await withDatabase(postgresUrl, async (db) => {
    await db.run((sql) => sql.unsafe(`ALTER SYSTEM SET work_mem = '256MB'`));
    await db.run((sql) => sql.unsafe(`ALTER SYSTEM SET maintenance_work_mem = '512MB'`));
    // A checkpoint in the middle of a load or a measurement says nothing about either.
    await db.run((sql) => sql.unsafe(`ALTER SYSTEM SET max_wal_size = '8GB'`));
    await db.run((sql) => sql.unsafe(`ALTER SYSTEM SET checkpoint_timeout = '1h'`));
    const [row] = await db.run(
      (sql) => sql<{ directory: string }[]>`SELECT current_setting('data_directory') AS directory`,
    );
    await db.run((sql) => sql`SELECT pg_reload_conf()`);
    return row?.directory ?? '';
  });
  if (postgres === undefined || directory === '') throw new Error('no PostgreSQL of our own');
  return dirname(dirname(directory));
}
