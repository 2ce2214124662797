import { createServer, type AddressInfo } from 'node:net';
import { createTcpProxy, type TcpProxy } from '@event-analytics/testkit';
import {
  checkDatabase,
  classifyDatabaseError,
  connectDatabase,
  periodActiveUsers,
  recountTotals,
  writeEvents,
  type DatabasePool,
} from '../src/index.js';
import { events } from './event-makers.js';
import { openDatabase, type OpenedDatabase } from './test-database.js';

/** What the pool must survive; which storage lies behind it makes no difference. */
describe('a connection that fails', () => {
  let opened: OpenedDatabase;
  let proxy: TcpProxy;
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => uncaught.push(error);

  beforeAll(async () => {
    process.on('uncaughtException', onUncaught);
    opened = await openDatabase('partitions');
    proxy = await createTcpProxy(opened.url);
  });
  beforeEach(() => opened.db.run((sql) => sql.unsafe('TRUNCATE events, activity_log')));
  afterEach(() => {
    proxy.heal();
    expect(uncaught).toEqual([]);
  });
  afterAll(async () => {
    process.off('uncaughtException', onUncaught);
    await opened.close();
    await proxy.close();
  });

  const killOthers = () =>
    opened.db.run(
      (sql) => sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'victim'`,
    );
  const victim = (o: { maxConnections?: number; answerTimeoutMs?: number; url?: string } = {}) =>
    connectDatabase({ url: opened.url, applicationName: 'victim', maxConnections: 2, ...o });
  const using = async (db: DatabasePool, work: (db: DatabasePool) => Promise<void>) => {
    try {
      await work(db);
    } finally {
      await db.end({ timeout: 1 });
    }
  };
  const rows = async () => (await recountTotals(opened.db)).rows;
  const classOf = (error: unknown) => classifyDatabaseError(error).kind;

  it('in the middle of a statement is retryable, and the next statement gets a new one', () =>
    using(victim({ maxConnections: 1 }), async (db) => {
      const sleeping = db.run((sql) => sql`SELECT pg_sleep(30)`).catch(classOf);
      const queued = db.run((sql) => sql<{ one: number }[]>`SELECT 1 AS one`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await killOthers();
      expect(await sleeping).toBe('retryable');
      expect((await queued)[0]?.one).toBe(1);
    }));

  it('in a statement of a transaction undoes it', () =>
    using(victim({ maxConnections: 1 }), async (db) => {
      const transaction = writeEvents(db, events(0, 10), {
        within: async (tx) => {
          const sleeping = tx`SELECT pg_sleep(30)`.then(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 100));
          await killOthers();
          await sleeping;
        },
      });
      await expect(transaction.catch(classOf)).resolves.toBe('retryable');
      expect(await rows()).toBe(0);
      expect(await writeEvents(db, events(0, 10))).toEqual({ inserted: 10, duplicates: 0 });
    }));

  it('between two statements of a transaction lets none of the rest run outside of it', () =>
    using(victim({ maxConnections: 1 }), async (db) => {
      const transaction = writeEvents(db, events(0, 10), {
        within: async (tx) => {
          await killOthers();
          await new Promise((resolve) => setTimeout(resolve, 200));
          await tx`DELETE FROM schema_migrations`;
        },
      });
      await expect(transaction).rejects.toMatchObject({ code: 'connection_lost' });
      expect(await rows()).toBe(0);
      expect(await checkDatabase(db, { timeoutMs: 5_000 })).toMatchObject({ migrated: true });
    }));

  it('before the commit fails the transaction', () =>
    using(victim({ maxConnections: 1 }), async (db) => {
      const transaction = writeEvents(db, events(0, 10), {
        within: async () => {
          await killOthers();
          await new Promise((resolve) => setTimeout(resolve, 200));
        },
      });
      await expect(transaction.catch(classOf)).resolves.toBe('retryable');
      expect(await rows()).toBe(0);
    }));

  it('while idle is not noticed by the next caller', () =>
    using(victim(), async (db) => {
      for (let round = 0; round < 5; round++) {
        await Promise.all([1, 2].map(() => db.run((sql) => sql`SELECT pg_sleep(0.02)`)));
        await killOthers();
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect((await db.run((sql) => sql<{ one: number }[]>`SELECT 1 AS one`))[0]?.one).toBe(1);
      }
    }));

  it('twenty times under writers that try again loses and doubles nothing', () =>
    using(victim({ maxConnections: 4 }), async (db) => {
      let killing = true;
      let failures = 0;
      const writeUntilStored = async (w: number) => {
        for (let batch = 0; batch < 25; batch++) {
          for (let tries = 0; ; tries++) {
            const from = (w * 25 + batch) * 40;
            try {
              const within = batch % 2 ? async () => Promise.resolve() : undefined;
              await writeEvents(db, events(from, from + 60), within && { within });
              break;
            } catch (error) {
              failures++;
              expect([classOf(error), error]).toEqual(['retryable', error]);
              if (tries === 200) throw error;
              await new Promise((resolve) => setTimeout(resolve, 10));
            }
          }
        }
      };
      const killer = (async () => {
        for (let i = 0; killing && i < 200; i++) {
          await new Promise((resolve) => setTimeout(resolve, 15));
          await killOthers();
        }
      })();
      await Promise.all([0, 1, 2, 3, 4, 5].map(writeUntilStored));
      killing = false;
      await killer;
      const total = 6 * 25 * 40 + 20;
      expect(failures).toBeGreaterThan(0);
      expect(await recountTotals(opened.db)).toMatchObject({
        rows: total,
        distinctKeys: total,
        logEvents: total,
        activityDifferences: 0,
      });
    }));

  it('silently is given up at the deadline, and the pool recovers', () =>
    using(victim({ url: proxy.url, answerTimeoutMs: 500 }), async (db) => {
      await writeEvents(db, events(0, 10));
      proxy.blackHole();
      const began = Date.now();
      const errors = await Promise.all(
        [0, 1, 2, 3].map(() => writeEvents(db, events(10, 20)).then(() => undefined, classOf)),
      );
      expect(errors).toEqual(['retryable', 'retryable', 'retryable', 'retryable']);
      expect(Date.now() - began).toBeLessThan(2_000);
      const health = checkDatabase(db, { timeoutMs: 200 });
      await expect(health).rejects.toMatchObject({ code: 'answer_timeout' });
      proxy.heal();
      expect((await writeEvents(db, events(10, 20))).inserted).toBe(10);
      const day = { zone: 'UTC', period: 'day', from: '2024-03-04', to: '2024-03-04' } as const;
      expect(await periodActiveUsers(db, day)).toMatchObject([{ start: '2024-03-04', activeUsers: 20 }]);
    }));

  it('silently is given up when somebody knows better', () =>
    using(victim({ url: proxy.url, maxConnections: 1 }), async (db) => {
      await writeEvents(db, events(0, 10));
      proxy.blackHole();
      const began = Date.now();
      const waiting = writeEvents(db, events(10, 20)).catch(classOf);
      await new Promise((resolve) => setTimeout(resolve, 100));
      proxy.heal();
      const queued = writeEvents(db, events(20, 30));
      db.dropConnections();
      expect(await waiting).toBe('retryable');
      // An idle one is dropped as well; neither is used again.
      expect((await queued).inserted).toBe(10);
      db.dropConnections();
      expect((await writeEvents(db, events(30, 40))).inserted).toBe(10);
      expect(Date.now() - began).toBeLessThan(10_000);
    }));

  it('with the answer to a commit is stored once after the retry', () =>
    using(victim({ url: proxy.url, maxConnections: 1 }), async (db) => {
      await writeEvents(db, events(0, 10));
      const cut = proxy.cutBefore('to_client', () => true);
      await expect(writeEvents(db, events(5, 15)).catch(classOf)).resolves.toBe('retryable');
      await cut;
      const { inserted, duplicates } = await writeEvents(db, events(5, 15));
      expect(inserted + duplicates).toBe(10);
      expect(await recountTotals(opened.db)).toMatchObject({
        rows: 15,
        logEvents: 15,
        activityDifferences: 0,
      });
    }));

  it('or cannot even be tried is retryable, at once', () =>
    // The broadcast address: connect() itself fails, before anybody has had time to listen for its error.
    using(victim({ url: 'postgres://nobody@255.255.255.255/none' }), async (db) => {
      const failed = await db.run((sql) => sql`SELECT 1`).catch(classOf);
      expect(failed).toBe('retryable');
    }));

  it('or is refused is retryable, at once', () =>
    using(victim({ url: 'postgres://postgres@127.0.0.1:1/x' }), async (db) => {
      const began = Date.now();
      await expect(writeEvents(db, events(0, 1)).catch(classOf)).resolves.toBe('retryable');
      expect(Date.now() - began).toBeLessThan(2_000);
    }));

  it('or is closed at every attempt by a proxy without a server ends at the deadline', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await using(
      victim({ url: `postgres://postgres@127.0.0.1:${port}/x`, answerTimeoutMs: 300 }),
      async (db) => {
        await expect(writeEvents(db, events(0, 1)).catch(classOf)).resolves.toBe('retryable');
      },
    );
    let attempts = 0;
    server.on('connection', () => attempts++);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await new Promise((resolve) => server.close(resolve));
    expect(attempts).toBeLessThan(3);
  });
});

describe('a pool', () => {
  it('opens no more connections than it may, and serves all who wait', async () => {
    const opened = await openDatabase('partitions');
    const db = opened.connect({ maxConnections: 3 });
    const pids = await Promise.all(
      Array.from({ length: 30 }, () =>
        db.run((sql) => sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid, pg_sleep(0.01)`),
      ),
    );
    expect(new Set(pids.map(([row]) => row?.pid)).size).toBe(3);
    await opened.close();
  });

  it('lets nobody wait for ever for a connection that is in use', async () => {
    const opened = await openDatabase('partitions');
    const db = opened.connect({ maxConnections: 1 });
    const running = db.run((sql) => sql`SELECT pg_sleep(2)`);
    const began = Date.now();
    await expect(db.run((sql) => sql`SELECT 1`, { answerTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'pool_exhausted',
    });
    expect(Date.now() - began).toBeLessThan(1_500);
    const next = db.run((sql) => sql<{ one: number }[]>`SELECT 1 AS one`, { answerTimeoutMs: 10_000 });
    await running;
    expect((await next)[0]?.one).toBe(1);
    await opened.close();
  });

  it('lets what runs finish when it ends, refuses what is new or waits, and leaves no connection', async () => {
    const opened = await openDatabase('partitions');
    const db = opened.connect({ maxConnections: 1 });
    const running = db.run((sql) => sql<{ one: number }[]>`SELECT 1 AS one, pg_sleep(0.2)`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const waiting = db.run((sql) => sql`SELECT 1`).catch((error: unknown) => error);
    const ended = db.end({ timeout: 5 });
    expect((await running)[0]?.one).toBe(1);
    expect(await waiting).toMatchObject({ code: 'pool_ended' });
    await ended;
    await expect(db.run((sql) => sql`SELECT 1`)).rejects.toMatchObject({ code: 'pool_ended' });
    await opened.close();
  });

  it('ends by its deadline though a statement goes on', async () => {
    const opened = await openDatabase('partitions');
    const db = opened.connect({ maxConnections: 1 });
    const running = db
      .run((sql) => sql`SELECT pg_sleep(30)`)
      .catch((error: unknown) => classifyDatabaseError(error).kind);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = Date.now();
    await db.end({ timeout: 0.2 });
    expect(Date.now() - began).toBeLessThan(3_000);
    expect(await running).toBe('retryable');
    await opened.close();
  });
});
