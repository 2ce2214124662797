import { createTestDatabase } from '@event-analytics/testkit';
import {
  connectDatabase,
  migrate,
  type ConnectOptions,
  type Database,
  type StorageKind,
} from '../src/index.js';

/** What the server of this run offers; see global-setup.mjs. */
export const storages = (process.env.EA_TEST_STORAGES ?? '').split(',') as StorageKind[];

export interface OpenedDatabase {
  url: string;
  db: Database;
  /** Another pool on the same database, closed with it. */
  connect: (
    options?: Partial<
      Pick<ConnectOptions, 'maxConnections' | 'answerTimeoutMs' | 'statementTimeoutMs' | 'url'>
    >,
  ) => Database;
  close: () => Promise<void>;
}

/** A database of its own, empty, that will choose this storage. */
export async function openEmptyDatabase(storage: StorageKind): Promise<OpenedDatabase> {
  const created = await createTestDatabase({ timescaledb: storage === 'timescaledb' });
  const { url } = created;
  const opened: Database[] = [];
  const connect: OpenedDatabase['connect'] = (options = {}) => {
    const db = connectDatabase({ url, applicationName: 'timescale tests', maxConnections: 4, ...options });
    opened.push(db);
    return db;
  };
  return {
    url,
    db: connect(),
    connect,
    async close() {
      await Promise.all(opened.map((db) => db.end({ timeout: 1 })));
      await created.drop();
    },
  };
}

/** The same with the schema. */
export async function openDatabase(storage: StorageKind): Promise<OpenedDatabase> {
  const opened = await openEmptyDatabase(storage);
  const result = await migrate(opened.db);
  if (result.storage !== storage) throw new Error(`wanted ${storage}, got ${result.storage}`);
  return opened;
}

/** Until somebody waits for a lock in this database; for one of that table, where it is named. */
export async function untilSomebodyWaits(db: Database, table?: string): Promise<void> {
  for (;;) {
    const [row] = await db.run(
      (sql) => sql<{ waits: boolean }[]>`
        SELECT EXISTS (
          SELECT FROM pg_stat_activity JOIN pg_locks USING (pid)
          WHERE datname = current_database() AND NOT granted
            AND (${table ?? null}::text IS NULL OR relation = to_regclass(${table ?? null}))) AS waits`,
    );
    if (row?.waits) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
