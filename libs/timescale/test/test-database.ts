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

/** Until somebody waits for a lock in this database, or so many do; for one of that table, where it is named. */
export async function untilSomebodyWaits(
  db: Database,
  { table, many = 1 }: { table?: string; many?: number } = {},
): Promise<void> {
  for (;;) {
    const [row] = await db.run(
      (sql) => sql<{ waiting: number }[]>`
        SELECT count(*)::int4 AS waiting
        FROM pg_stat_activity JOIN pg_locks USING (pid)
        WHERE datname = current_database() AND NOT granted
          AND (${table ?? null}::text IS NULL OR relation = to_regclass(${table ?? null}))`,
    );
    if ((row?.waiting ?? 0) >= many) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The same database, on which something else is done before the first statement of a transaction that `at` is true for. */
export function beforeFirst(
  db: Database,
  at: (statement: string) => boolean,
  first: () => Promise<unknown>,
): Database {
  let done = false;
  return {
    ...db,
    transaction: (work, options) =>
      db.transaction((sql) => {
        const watched = ((template: TemplateStringsArray, ...parameters: never[]) => {
          const query = sql(template, ...parameters);
          const statement = template.join('?').trim();
          // What is put into another statement is none of its own.
          if (done || !/^(SELECT|WITH|INSERT|UPDATE|DELETE|LOCK)/.test(statement) || !at(statement))
            return query;
          done = true;
          const send = query.then.bind(query);
          return Object.assign(query, {
            then: (resolve: (rows: unknown) => void, reject: (error: unknown) => void) =>
              first().then(() => send(resolve, reject), reject),
          });
        }) as typeof sql;
        watched.unsafe = (text) => sql.unsafe(text);
        watched.prepared = (text, parameters) => sql.prepared(text, parameters);
        return work(watched);
      }, options),
  };
}
