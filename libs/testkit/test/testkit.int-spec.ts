// eslint-disable-next-line no-restricted-imports -- looks into the databases that the testkit made
import postgres from 'postgres';
import { createTestDatabase, testServers, uniqueName } from '../src/index.js';

async function query<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1 });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

const tables = (url: string) =>
  query(url, async (sql) =>
    (await sql`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`).map((row) =>
      String(row['tablename']),
    ),
  );

test('the private servers of this run are named', () => {
  const { postgresUrl, redisUrl, natsUrl } = testServers();
  expect([postgresUrl, redisUrl, natsUrl].map((url) => new URL(url).protocol)).toEqual([
    'postgres:',
    'redis:',
    'nats:',
  ]);
});

test('a database is empty, its own, and gone once it is dropped', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await query(one.url, (sql) => sql`CREATE TABLE mine (n int)`);
  expect(await tables(one.url)).toEqual(['mine']);
  expect(await tables(other.url)).toEqual([]);
  // Also while somebody is still connected.
  const connected = postgres(one.url, { max: 1 });
  await connected`SELECT 1`;
  await one.drop();
  await connected.end();
  await expect(tables(one.url)).rejects.toMatchObject({ code: '3D000' });
  await other.drop();
});

test('what prepare does is done once, and every database has it', async () => {
  let prepared = 0;
  const options = {
    template: uniqueName('key'),
    prepare: async (url: string) => {
      prepared += 1;
      await query(url, (sql) => sql`CREATE TABLE made (n int)`);
    },
  };
  const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase(options)));
  expect(prepared).toBe(1);
  for (const database of databases) {
    expect(await tables(database.url)).toEqual(['made']);
    await database.drop();
  }
});

test('a prepare that fails is tried anew by the next', async () => {
  const template = uniqueName('key');
  const failing = createTestDatabase({ template, prepare: () => Promise.reject(new Error('no')) });
  await expect(failing).rejects.toThrow('no');
  const database = await createTestDatabase({
    template,
    prepare: (url) => query(url, async (sql) => void (await sql`CREATE TABLE made (n int)`)),
  });
  expect(await tables(database.url)).toEqual(['made']);
  await database.drop();
});

test.each([
  [true, 'timescaledb'],
  [false, 'partitions'],
  [undefined, null],
])('timescaledb: %p sets the storage to %p', async (timescaledb, storage) => {
  const database = await createTestDatabase({
    prepare: () => Promise.resolve(),
    ...(timescaledb !== undefined && { timescaledb }),
  });
  const [row] = await query(
    database.url,
    (sql) => sql`SELECT current_setting('event_analytics.storage', true) AS storage`,
  );
  expect(row?.['storage'] ?? null).toBe(storage);
  await database.drop();
});
