// eslint-disable-next-line no-restricted-imports -- makes and drops whole databases, which no lib offers
import postgres from 'postgres';
import { createHash } from 'node:crypto';
import { testServers } from './servers.js';
import { uniqueName } from './unique-name.js';

export interface TestDatabaseOptions {
  /** Fills the template that the database is cloned from; run once per Jest run and `template` name. */
  prepare?: (url: string) => Promise<void>;
  /** Which template; default: the text of `prepare`, so name it when that closes over something. */
  template?: string;
  /** Sets event_analytics.storage, which libs/timescale's migrate obeys. Default: unset, so it takes what there is. */
  timescaledb?: boolean;
}

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A database of its own for a test (file): empty, or a clone of the template that `prepare` filled. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = uniqueName('test');
  await withAdmin(async (sql) => {
    const template = options.prepare ? await preparedTemplate(sql, options, options.prepare) : 'template0';
    await sql.unsafe(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
    await applySettings(sql, name, options);
  });
  return {
    url: urlOf(name),
    drop: () =>
      withAdmin(async (sql) => {
        await sql.unsafe(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      }),
  };
}

/** Made by the first who asks; the others, Jest workers among them, wait for the lock. */
async function preparedTemplate(
  sql: postgres.Sql,
  options: TestDatabaseOptions,
  prepare: (url: string) => Promise<void>,
): Promise<string> {
  const key = `${options.timescaledb ?? 'any'}:${options.template ?? prepare.toString()}`;
  const name = `template_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
  await sql`SELECT pg_advisory_lock(hashtext(${name}))`;
  try {
    const [ready] = await sql`SELECT 1 FROM pg_database WHERE datname = ${name}`;
    if (ready) return name;
    const unfinished = `${name}_new`;
    await sql.unsafe(`DROP DATABASE IF EXISTS "${unfinished}" WITH (FORCE)`);
    await sql.unsafe(`CREATE DATABASE "${unfinished}" TEMPLATE template0`);
    await applySettings(sql, unfinished, options);
    await prepare(urlOf(unfinished));
    // TimescaleDB's workers come back to any database that lets them, and nobody may be in one that is cloned.
    await sql.unsafe(`ALTER DATABASE "${unfinished}" WITH ALLOW_CONNECTIONS false`);
    await sql`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = ${unfinished}`;
    await sql.unsafe(`ALTER DATABASE "${unfinished}" RENAME TO "${name}"`);
    return name;
  } finally {
    await sql`SELECT pg_advisory_unlock(hashtext(${name}))`;
  }
}

/** A template's settings are not cloned with it. */
async function applySettings(sql: postgres.Sql, name: string, options: TestDatabaseOptions): Promise<void> {
  if (options.timescaledb === undefined) return;
  const storage = options.timescaledb ? 'timescaledb' : 'partitions';
  await sql.unsafe(`ALTER DATABASE "${name}" SET event_analytics.storage = '${storage}'`);
}

function urlOf(database: string): string {
  const url = new URL(testServers().postgresUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function withAdmin(work: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  const sql = postgres(urlOf('postgres'), { max: 1, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
