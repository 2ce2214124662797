import type { AcceptedEvent } from '@event-analytics/event-schema';
import { classifyDatabaseError, connectDatabase, recountTotals, writeEvents } from '../src/index.js';
import { event } from './event-makers.js';
import { openDatabase, openEmptyDatabase, storages, type OpenedDatabase } from './test-database.js';

describe.each(storages)('errors on %s, each really provoked', (storage) => {
  let opened: OpenedDatabase;
  beforeAll(async () => {
    opened = await openDatabase(storage);
  });
  afterAll(() => opened.close());

  const classOf = (work: Promise<unknown>) =>
    work.then(
      () => ({ kind: 'none' }),
      (error: unknown) => classifyDatabaseError(error),
    );

  const POISON: [string, string, Partial<AcceptedEvent>][] = [
    ['22P02', 'an id that is no UUID', { event_id: 'not-a-uuid' }],
    ['22P02', 'a lone surrogate in properties', { properties: { a: '\ud800' } }],
    ['22P02', 'a lone surrogate in user_id', { user_id: 'x\udc00' }],
    ['22P05', 'NUL in properties', { properties: { 'a\0': 1 } }],
    ['22P05', 'NUL in user_id', { user_id: 'a\0b' }],
    ['22007', 'an instant that is none', { occurred_at: 'the day before' }],
    ['22008', 'a day that does not exist', { occurred_at: '2024-02-30T00:00:00.000Z' }],
  ];
  it.each(POISON)('%s is poison: %s', async (sqlState, _, fields) => {
    const error = await classOf(writeEvents(opened.db, [event(1), event(2, fields), event(3)]));
    expect(error).toMatchObject({ kind: 'poison', sqlState });
    expect(error).toHaveProperty('name');
    const alone = await classOf(writeEvents(opened.db, [event(2, fields)]));
    expect(alone).toMatchObject({ kind: 'poison', sqlState });
    expect((await recountTotals(opened.db)).rows).toBe(0);
  });

  it('a user_id of 3,000 characters is no error: nothing indexes it', async () => {
    const db = (await openDatabaseAgain()).db;
    expect(await writeEvents(db, [event(1, { user_id: 'ü'.repeat(3_000) })])).toEqual({
      inserted: 1,
      duplicates: 0,
    });
  });

  const others: OpenedDatabase[] = [];
  const openDatabaseAgain = async () => {
    const other = await openDatabase(storage);
    others.push(other);
    return other;
  };
  afterAll(() => Promise.all(others.map((other) => other.close())));

  const STATEMENTS: [string, string, string][] = [
    ['poison', '22001', `CREATE TEMP TABLE t (a varchar(1)); INSERT INTO t VALUES ('ab')`],
    ['poison', '22003', `SELECT '1e200000'::jsonb`],
    ['poison', '22021', `SELECT convert_from('\\xff', 'UTF8')`],
    [
      'poison',
      '54000',
      `CREATE TEMP TABLE t (a text PRIMARY KEY);
       INSERT INTO t SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) AS i`,
    ],
    ['poison', '54001', `SELECT repeat('[', 100000)::jsonb`],
    ['retryable', '25006', `BEGIN READ ONLY; CREATE TABLE t (a int)`],
    ['retryable', '57014', `SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)`],
    ['fault', '2200H', `CREATE TEMP SEQUENCE s MAXVALUE 2; SELECT nextval('s'), nextval('s'), nextval('s')`],
    ['fault', '23502', `CREATE TEMP TABLE t (a int NOT NULL); INSERT INTO t VALUES (NULL)`],
    ['fault', '23514', `CREATE TEMP TABLE t (a int CHECK (a > 0)); INSERT INTO t VALUES (0)`],
    ['fault', '42P01', `SELECT FROM no_such_table`],
    ['fault', '22012', `SELECT 1/0`],
  ];
  it.each(STATEMENTS)('%s: %s', async (kind, sqlState, text) => {
    expect(await classOf(opened.db.transaction((sql) => sql.unsafe(text)))).toMatchObject({ kind, sqlState });
  });

  it('a deadlock and a lock that is not to be had are retryable', async () => {
    const { db } = opened;
    await db.run((sql) =>
      sql.unsafe('CREATE TABLE pair (id int PRIMARY KEY); INSERT INTO pair VALUES (1), (2)'),
    );
    const lock = (first: number, second: number) =>
      db.transaction(async (sql) => {
        await sql`SELECT FROM pair WHERE id = ${first} FOR UPDATE`;
        await new Promise((resolve) => setTimeout(resolve, 200));
        await sql`SELECT FROM pair WHERE id = ${second} FOR UPDATE`;
      });
    const kinds = await Promise.all([classOf(lock(1, 2)), classOf(lock(2, 1))]);
    expect(kinds).toContainEqual({ kind: 'retryable', sqlState: '40P01', name: 'deadlock_detected' });
    await db.transaction(async (sql) => {
      await sql`SELECT FROM pair WHERE id = 1 FOR UPDATE`;
      const denied = await classOf(db.run((other) => other`SELECT FROM pair WHERE id = 1 FOR UPDATE NOWAIT`));
      expect(denied).toMatchObject({ kind: 'retryable', sqlState: '55P03' });
    });
  });

  it('a serialization failure is retryable', async () => {
    const { db } = opened;
    await db.run((sql) => sql.unsafe('CREATE TABLE counter (n int); INSERT INTO counter VALUES (0)'));
    const add = () =>
      db.transaction(async (sql) => {
        await sql`SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`;
        const [row] = await sql<{ n: number }[]>`SELECT n FROM counter`;
        await new Promise((resolve) => setTimeout(resolve, 100));
        await sql`UPDATE counter SET n = ${(row?.n ?? 0) + 1}`;
      });
    expect(await Promise.all([classOf(add()), classOf(add())])).toContainEqual(
      expect.objectContaining({ kind: 'retryable', sqlState: '40001' }),
    );
  });

  it('a database that is not there or was not migrated, and a user that may not, are faults', async () => {
    const elsewhere = new URL(opened.url);
    elsewhere.pathname = '/no_such_database';
    const missing = connectDatabase({ url: elsewhere.href, applicationName: 'tests', maxConnections: 1 });
    expect(await classOf(writeEvents(missing, [event(1)]))).toMatchObject({
      kind: 'fault',
      sqlState: '3D000',
    });
    await missing.end();
    const empty = await openEmptyDatabase(storage);
    expect(await classOf(writeEvents(empty.db, [event(1)]))).toMatchObject({
      kind: 'fault',
      sqlState: '42P01',
    });
    await empty.close();
    const role = `reader_${Math.floor(Date.now() % 1e9)}`;
    const denied = opened.db.transaction((sql) =>
      sql.unsafe(`CREATE ROLE ${role}; SET LOCAL ROLE ${role}; SELECT FROM events`),
    );
    expect(await classOf(denied)).toMatchObject({ kind: 'fault', sqlState: '42501' });
  });
});
