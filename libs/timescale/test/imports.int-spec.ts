import { portableUserSets as userSets } from '@event-analytics/user-sets';
import { createTcpProxy, eventually } from '@event-analytics/testkit';
import {
  beginImport,
  ChunkDiffersError,
  classifyDatabaseError,
  createFoldMemory,
  doneChunks,
  ensureIndexes,
  finishImport,
  foldActivityLog,
  holdImport,
  ImportBusyError,
  ImportStateError,
  listImports,
  readImport,
  recount,
  recountTotals,
  topEvents,
  writeChunk,
  writeEvents,
  type Database,
} from '../src/index.js';
import { createRandom, event, eventId, events } from './event-makers.js';
import { begin, chunk, claims, owners, sha256 } from './import-makers.js';
import { openDatabase, storages, untilSomebodyWaits, type OpenedDatabase } from './test-database.js';

const NOTHING_REJECTED = { rejected: 0 };

describe.each(storages)('imports on %s', (storage) => {
  let opened: OpenedDatabase;
  let db: Database;
  beforeEach(async () => {
    opened = await openDatabase(storage);
    db = opened.db;
  });
  afterEach(() => opened.close());

  const expectLedger = async (rows: number) =>
    expect(await recountTotals(db)).toMatchObject({
      rows,
      distinctKeys: rows,
      logEvents: rows,
      activityDifferences: 0,
    });
  const setState = (id: number, state: string) =>
    db.run((sql) => sql`UPDATE imports SET state = ${state} WHERE id = ${id}`);

  describe('beginImport', () => {
    const identity = { source: 'a.csv', settings: { b: [1], a: 'x' }, digest: sha256('a'), sizeBytes: 5 };

    it('finds the same file read the same way, whatever it is called and in which order its settings are', async () => {
      const first = await beginImport(db, identity);
      expect(first).toEqual({ id: expect.any(Number), state: 'running', begun: true });
      const again = { ...identity, source: 'b.csv', settings: { a: 'x', b: [1] } };
      expect(await beginImport(db, again)).toEqual({ id: first.id, state: 'running', begun: false });
      await finishImport(db, first.id);
      expect(await beginImport(db, again)).toEqual({ id: first.id, state: 'finished', begun: false });
    });

    it('begins another for what is another file, is read otherwise, is a stream, or was undone', async () => {
      const others = [
        identity,
        { ...identity, digest: sha256('b') },
        { ...identity, settings: { b: [1] } },
        { ...identity, sizeBytes: 6 },
        { ...identity, digest: undefined, sizeBytes: undefined },
        { ...identity, digest: undefined, sizeBytes: undefined },
      ];
      const ids = [];
      for (const other of others) ids.push((await beginImport(db, other)).id);
      expect(new Set(ids).size).toBe(others.length);
      for (const state of ['undoing', 'undone']) {
        const { id } = await beginImport(db, identity);
        await setState(id, state);
        expect(await beginImport(db, identity)).toMatchObject({ begun: true });
      }
    });

    it('gives one number to eight processes at once', async () => {
      const pools = Array.from({ length: 8 }, () => opened.connect({ maxConnections: 1 }));
      const begun = await Promise.all(pools.map((pool) => beginImport(pool, identity)));
      expect(new Set(begun.map(({ id }) => id)).size).toBe(1);
      expect(begun.filter((one) => one.begun)).toHaveLength(1);
    });
  });

  describe('the state', () => {
    it('goes from running to finished, and no further', async () => {
      const id = await begin(db);
      await finishImport(db, id);
      const { endedAt } = (await readImport(db, id))!;
      expect(endedAt).toEqual(expect.any(Date));
      await finishImport(db, id);
      expect(await readImport(db, id)).toMatchObject({ state: 'finished', endedAt, alive: false });
      await setState(id, 'undoing');
      await expect(finishImport(db, id)).rejects.toThrow(ImportStateError);
      await expect(finishImport(db, id)).rejects.toThrow(`import ${id}: it is undoing`);
      await expect(finishImport(db, 99)).rejects.toThrow('there is no import 99');
    });

    it('is alive as long as a process holds it, which only one can', async () => {
      const [id, other] = [await begin(db, 'a.csv'), await begin(db, 'b.csv')];
      expect(await readImport(db, id)).toMatchObject({ alive: false });
      const hold = await holdImport(db, id, 'import');
      expect(await readImport(db, id)).toMatchObject({ alive: true });
      expect(await readImport(db, other)).toMatchObject({ alive: false });
      await expect(holdImport(db, id, 'import')).rejects.toThrow(ImportBusyError);
      await (await holdImport(db, other, 'import')).release();
      await hold.release();
      expect(await readImport(db, id)).toMatchObject({ alive: false });
      await (await holdImport(db, id, 'import')).release();
    });

    it('is held on where the connection was lost, unless somebody else was faster', async () => {
      const id = await begin(db);
      const hold = await holdImport(db, id, 'import');
      const cutHold = () =>
        db.run(
          (sql) => sql`
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND objsubid = 2 AND objid = ${id}::int4::oid`,
        );
      const isAlive = async () => (await readImport(db, id))?.alive;
      await cutHold();
      await eventually('it is held again', 10_000, isAlive, (is) => is === true);
      hold.check();

      // Who tries at once is faster than who has just lost it.
      const rivals = opened.connect({ maxConnections: 2 });
      const takeOver = async () => {
        await cutHold();
        return await holdImport(rivals, id, 'import');
      };
      const rival = await eventually('another takes it', 10_000, takeOver, () => true);
      await eventually(
        'the first has noticed',
        10_000,
        () => {
          try {
            return hold.check();
          } catch (error) {
            return error;
          }
        },
        (error) => error instanceof ImportBusyError,
      );
      await rival.release();
      await hold.release();
    });
  });

  it('lists what there is and what is done of it', async () => {
    const [first, second] = [await begin(db, 'a.csv'), await begin(db, 'b.csv')];
    const parts = [
      event(1, { occurred_at: '2024-03-04T10:00:00.001Z' }),
      event(2, { occurred_at: '2023-01-01T00:00:00.000Z' }),
      event(1, { occurred_at: '2024-03-04T10:00:00.001Z' }),
    ];
    await writeChunk(db, second, chunk(1), [], { rejected: 2 });
    expect(await writeChunk(db, second, chunk(0), parts, { rejected: 4 })).toEqual({
      inserted: 2,
      duplicates: 1,
      doneBefore: false,
    });
    expect(await doneChunks(db, second)).toEqual([
      { ...chunk(0), rows: 7, inserted: 2, duplicates: 1, rejected: 4 },
      { ...chunk(1), rows: 2, inserted: 0, duplicates: 0, rejected: 2 },
    ]);
    expect(await doneChunks(db, first)).toEqual([]);
    expect(await listImports(db)).toEqual([
      expect.objectContaining({
        id: first,
        chunks: 0,
        doneBytes: 0,
        counts: { rows: 0, inserted: 0, duplicates: 0, rejected: 0 },
        earliest: null,
      }),
      {
        id: second,
        source: 'b.csv',
        settings: { format: 'csv' },
        digest: sha256('b.csv'),
        sizeBytes: 1_000,
        state: 'running',
        startedAt: expect.any(Date),
        seenAt: expect.any(Date),
        endedAt: null,
        counts: { rows: 9, inserted: 2, duplicates: 1, rejected: 6 },
        chunks: 2,
        doneBytes: 2_000,
        earliest: new Date('2023-01-01T00:00:00.000Z'),
        latest: new Date('2024-03-04T10:00:00.001Z'),
        alive: false,
      },
    ]);
    expect(await readImport(db, second)).toEqual((await listImports(db))[1]);
    expect(await readImport(db, 99)).toBeUndefined();
  });

  describe('writeChunk', () => {
    it('writes events as the writer does, with their number and their log: statistics are right at once', async () => {
      await ensureIndexes(db, ['UTC']);
      const id = await begin(db);
      await writeEvents(db, events(0, 20));
      await writeChunk(db, id, chunk(0), events(10, 40), NOTHING_REJECTED);
      await writeChunk(db, id, chunk(1), events(40, 60, { event_type: 'other' }), NOTHING_REJECTED);
      await expectLedger(60);
      const byOwner = (await owners(db)).map(({ user_id, import_id }) => [user_id, import_id]);
      expect(new Map(byOwner as [string, number | null][])).toEqual(
        new Map(Array.from({ length: 60 }, (_, n) => [`user-${n}`, n < 20 ? null : id])),
      );
      const memory = createFoldMemory(userSets);
      for (const historical of [true, false]) {
        while ((await foldActivityLog(db, memory, { historical, entriesMax: 10_000 }))?.more);
      }
      expect(await recount(db, userSets)).toMatchObject({ differing: 0 });
      const day = { zone: 'UTC', from: '2024-03-04', to: '2024-03-04', limit: 5 };
      expect(await topEvents(db, day)).toMatchObject([
        { eventType: 'page_view', count: 40 },
        { eventType: 'other', count: 20 },
      ]);
    });

    it('stores what it was given, as it was given', async () => {
      const id = await begin(db);
      const odd = [
        event(1, {
          user_id: `Zoë "the \\ cat" 🐈 {a,b} 'x'`,
          event_type: 'a,b;{"c"}\\N',
          occurred_at: '1969-12-31T23:59:59.999Z',
          properties: JSON.parse('{"é":[1.5,null,"\\u0001\\"\\\\\\n\\t"],"":{}}') as Record<string, unknown>,
        }),
        event(2, { user_id: '\\.', event_type: '\\' }),
        event(3, { user_id: '', properties: { '\u2028': '\\t' } }),
      ];
      const before = new Date(Date.now() - 60_000);
      expect(await writeChunk(db, id, chunk(0), odd, NOTHING_REJECTED)).toMatchObject({ inserted: 3 });
      const rows = await db.run(
        (sql) =>
          sql<
            { occurred_at: Date; received_at: Date }[]
          >`SELECT * FROM events ORDER BY user_id = '', user_id = '\\.'`,
      );
      expect(
        rows.map(({ occurred_at, ...row }) => ({ ...row, occurred_at: occurred_at.toISOString() })),
      ).toEqual(odd.map((row) => ({ ...row, import_id: id, received_at: expect.any(Date) })));
      expect(rows.filter(({ received_at }) => received_at < before)).toEqual([]);
      await expectLedger(3);
    });

    it('stores the same, and logs it the same, whether any of it was there or not', async () => {
      const random = createRandom(5);
      const rows = events(0, 2_000).map((row) => ({
        ...row,
        user_id: `user-${Math.floor(random() * 50)}`,
        event_type: `type-${Math.floor(random() * 5)}`,
        // From four days ago: some of it is history, and some not.
        occurred_at: new Date(Date.now() - Math.floor(random() * 4 * 86_400_000)).toISOString(),
      }));
      const stored = () =>
        db.run((sql) =>
          sql.unsafe(
            `SELECT event_id, occurred_at, user_id, event_type, properties FROM events ORDER BY event_id`,
          ),
        );
      const logged = async () =>
        (
          await db.run(
            (sql) => sql<{ historical: boolean; events: number; activity: string }[]>`
              SELECT historical, events, activity FROM activity_log ORDER BY historical`,
          )
        ).map(({ historical, events, activity }) => {
          const lines = activity.split('\n').map((line) => line.split('\t'));
          return { historical, events, lines: lines.map((fields) => fields.sort().join(' ')).sort() };
        });
      const id = await begin(db);
      const write = async (n: number, extra: typeof rows) => {
        await db.run((sql) => sql.unsafe('TRUNCATE events, activity_log'));
        await writeEvents(db, extra);
        await db.run((sql) => sql.unsafe('TRUNCATE activity_log'));
        await writeChunk(db, id, chunk(n), [...rows, ...extra], NOTHING_REJECTED);
        await db.run((sql) => sql`DELETE FROM events WHERE event_id = ${eventId(2_000)}`);
        return { stored: await stored(), logged: await logged() };
      };
      const copied = await write(0, []);
      expect(copied.stored).toHaveLength(2_000);
      expect(copied.logged).toHaveLength(2);
      expect(await write(1, [event(2_000)])).toEqual(copied);
    });

    it('takes what says when it was received, and instants of any spelling', async () => {
      const id = await begin(db);
      const received_at = '2024-04-01T00:00:00.000Z';
      const rows = [{ ...event(1), received_at }, event(2, { occurred_at: '2024-03-04T11:00:00+01:00' })];
      expect(await writeChunk(db, id, chunk(0), rows, NOTHING_REJECTED)).toMatchObject({ inserted: 2 });
      expect(await writeChunk(db, id, chunk(1), [event(2)], NOTHING_REJECTED)).toMatchObject({
        duplicates: 1,
      });
      const [row] = await db.run(
        (sql) => sql<{ received_at: Date }[]>`SELECT received_at FROM events WHERE event_id = ${eventId(1)}`,
      );
      expect(row?.received_at.toISOString()).toBe(received_at);
      await expectLedger(2);
    });

    it('takes what a line of text cannot hold another way, with its number', async () => {
      const id = await begin(db);
      const odd = [event(1, { user_id: 'tab\tand\nline' }), event(2), event(2)];
      expect(await writeChunk(db, id, chunk(0), odd, NOTHING_REJECTED)).toMatchObject({ inserted: 2 });
      expect((await owners(db)).map(({ import_id }) => import_id)).toEqual([id, id]);
      await expectLedger(2);
    });

    it('writes a chunk once, and says so the second time', async () => {
      const id = await begin(db);
      const rows = [...events(0, 10), event(3)];
      expect(await writeChunk(db, id, chunk(0), rows, { rejected: 1 })).toMatchObject({ doneBefore: false });
      // Even were its rows judged otherwise now.
      const again = await writeChunk(db, id, chunk(0), events(50, 60), NOTHING_REJECTED);
      expect(again).toEqual({ inserted: 10, duplicates: 1, doneBefore: true });
      await expectLedger(10);
      expect(await doneChunks(db, id)).toHaveLength(1);
    });

    it('does not take another stretch from the same place for the one that is done', async () => {
      const id = await begin(db);
      await writeChunk(db, id, chunk(0), events(0, 10), NOTHING_REJECTED);
      for (const differs of [{ end: 2_000 }, { digest: sha256('changed') }]) {
        const other = writeChunk(db, id, chunk(0, differs), events(0, 20), NOTHING_REJECTED);
        await expect(other).rejects.toThrow(ChunkDiffersError);
      }
      await expectLedger(10);
    });

    it('lets several processes write the same chunks at once, each once', async () => {
      const id = await begin(db);
      const pools = Array.from({ length: 4 }, () => opened.connect({ maxConnections: 2 }));
      const results = await Promise.all(
        pools.flatMap((pool) =>
          [0, 1, 2, 3, 4].map((n) =>
            writeChunk(pool, id, chunk(n), events(n * 100, n * 100 + 150), NOTHING_REJECTED),
          ),
        ),
      );
      const written = results.filter(({ doneBefore }) => !doneBefore);
      expect(written).toHaveLength(5);
      expect(written.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(550);
      expect((await readImport(db, id))?.counts).toEqual({
        rows: 750,
        inserted: 550,
        duplicates: 200,
        rejected: 0,
      });
      // Its own events again are nobody else's.
      expect(await claims(db)).toEqual([]);
      await expectLedger(550);
    });

    it('stores once what imports and writers bring at the same time, new to all, in any order', async () => {
      const pools = Array.from({ length: 3 }, () => opened.connect({ maxConnections: 3 }));
      const random = createRandom(3);
      const all = events(0, 3_000);
      const results = await Promise.all(
        Array.from({ length: 9 }, async (_, i) => {
          const part = all.slice(i * 100, i * 100 + 2_000).sort(() => random() - 0.5);
          const pool = pools[i % 3]!;
          if (i % 3 === 0) return await writeEvents(pool, part);
          return await writeChunk(pool, await begin(db, `file ${i}`), chunk(0), part, NOTHING_REJECTED);
        }),
      );
      expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(2_800);
      await expectLedger(2_800);
    });

    it.each([
      ['unknown', undefined],
      ['finished', 'finished'],
      ['being undone', 'undoing'],
      ['undone', 'undone'],
    ])('writes nothing of an import that is %s', async (_, state) => {
      const id = state === undefined ? 77 : await begin(db);
      if (state !== undefined) await setState(id, state);
      const refused = writeChunk(db, id, chunk(0), events(0, 10), NOTHING_REJECTED);
      await expect(refused).rejects.toMatchObject({ name: 'ImportStateError', id, state });
      await expectLedger(0);
    });

    it('keeps an undo waiting until it is done, and writes nothing after one', async () => {
      const id = await begin(db);
      const writing = await whileHolding(async (sql) => {
        await sql`SELECT FROM imports WHERE id = ${id} FOR UPDATE`;
        const written = writeChunk(opened.connect(), id, chunk(0), events(0, 10), NOTHING_REJECTED);
        void written.catch(() => undefined);
        await untilSomebodyWaits(db);
        await sql`UPDATE imports SET state = 'undoing' WHERE id = ${id}`;
        return { written };
      });
      await expect(writing.written).rejects.toThrow(ImportStateError);
      await expectLedger(0);
    });

    it('is not kept waiting by the mark that its process was seen', async () => {
      const id = await begin(db);
      await whileHolding(async (sql) => {
        await sql`UPDATE imports SET seen_at = now() WHERE id = ${id}`;
        await writeChunk(opened.connect(), id, chunk(0), events(0, 10), NOTHING_REJECTED);
      });
      await expectLedger(10);
    });

    it('leaves out what is too old, and counts it as rejected', async () => {
      const id = await begin(db);
      await writeEvents(db, [event(0)]);
      await db.run((sql) => sql`UPDATE event_storage SET retained_from = '2024-03-01'`);
      const old = event(1, { occurred_at: '2024-02-29T23:59:59.999Z' });
      const rows = [event(2), old, event(0), event(3, { occurred_at: '2024-03-02T00:00:00.000Z' })];
      expect(await writeChunk(db, id, chunk(0), rows, { rejected: 2 })).toEqual({
        inserted: 2,
        duplicates: 1,
        tooOld: { indexes: [1], retainedFrom: '2024-03-01T00:00:00.000Z' },
        doneBefore: false,
      });
      expect(await readImport(db, id)).toMatchObject({
        counts: { rows: 6, inserted: 2, duplicates: 1, rejected: 3 },
        earliest: new Date('2024-03-02T00:00:00.000Z'),
      });
      await expectLedger(3);
    });

    it('tells of what is too old before anything is done, and does nothing where that is not kept', async () => {
      const id = await begin(db);
      await db.run((sql) => sql`UPDATE event_storage SET retained_from = '2024-03-01'`);
      const rows = [event(2), event(1, { occurred_at: '2024-02-29T23:59:59.999Z' })];
      const onTooOld = () => Promise.reject(new Error('full'));
      await expect(writeChunk(db, id, chunk(0), rows, { rejected: 0, onTooOld })).rejects.toThrow('full');
      expect(await doneChunks(db, id)).toEqual([]);
      await expectLedger(0);
    });

    it('is all or nothing: one bad event and neither events nor chunk are there', async () => {
      const id = await begin(db);
      const bad = [...events(0, 10), event(10, { event_id: 'x' })];
      await expect(writeChunk(db, id, chunk(0), bad, NOTHING_REJECTED)).rejects.toMatchObject({
        code: '22P02',
      });
      await expectLedger(0);
      expect(await doneChunks(db, id)).toEqual([]);
    });

    it('killed anywhere is there as a whole or not at all, and again makes it whole', async () => {
      const id = await begin(db);
      const proxy = await createTcpProxy(opened.url);
      try {
        const kinds: string[] = [];
        for (let n = 0; n < 24; n++) {
          const rows = events(n * 200, n * 200 + 220);
          const client = opened.connect({ url: proxy.url, maxConnections: 1 });
          // The first bytes open the connection; the events follow, and the rest of the transaction.
          proxy.cutAfterBytes(n * 1_500, 'to_server');
          await writeChunk(client, id, chunk(n), rows, NOTHING_REJECTED).catch((error: unknown) =>
            kinds.push(classifyDatabaseError(error).kind),
          );
          proxy.heal();
          await serverIsIdle();
          const done = (await doneChunks(db, id)).some(({ start }) => start === chunk(n).start);
          const { rows: stored } = await recountTotals(db);
          expect(stored).toBe(n * 200 + (n > 0 ? 20 : 0) + (done ? (n > 0 ? 200 : 220) : 0));
          const again = await writeChunk(db, id, chunk(n), rows, NOTHING_REJECTED);
          expect(again.doneBefore).toBe(done);
          await expectLedger(n * 200 + 220);
        }
        expect(kinds.length).toBeGreaterThan(5);
        expect(new Set(kinds)).toEqual(new Set(['retryable']));
      } finally {
        await proxy.close();
      }
      expect((await readImport(db, id))?.counts).toMatchObject({ inserted: 24 * 200 + 20, rows: 24 * 220 });
    });

    it('whose answer to COMMIT is lost was written once', async () => {
      const id = await begin(db);
      const proxy = await createTcpProxy(opened.url);
      try {
        const client = opened.connect({ url: proxy.url, maxConnections: 1 });
        await writeChunk(client, id, chunk(0), events(0, 10), NOTHING_REJECTED);
        const cut = proxy.cutBefore('to_client', (bytes) => bytes.includes('COMMIT\0'));
        const lost = writeChunk(client, id, chunk(1), events(5, 15), NOTHING_REJECTED);
        await expect(lost.catch((error: unknown) => classifyDatabaseError(error).kind)).resolves.toBe(
          'retryable',
        );
        await cut;
        expect(await writeChunk(client, id, chunk(1), events(5, 15), NOTHING_REJECTED)).toEqual({
          inserted: 5,
          duplicates: 5,
          doneBefore: true,
        });
      } finally {
        await proxy.close();
      }
      await expectLedger(15);
    });
  });

  /** Does it in a transaction of another process. */
  const whileHolding = <T>(work: Parameters<typeof db.transaction<T>>[0]): Promise<T> =>
    opened.connect().transaction(work);

  /** Nobody else is in a transaction: the server has noticed that its client is gone. */
  async function serverIsIdle(): Promise<void> {
    for (;;) {
      const [row] = await db.run(
        (sql) => sql<{ busy: boolean }[]>`
          SELECT EXISTS (SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND state IN ('active', 'idle in transaction')
              AND pid <> pg_backend_pid() AND application_name = 'timescale tests') AS busy`,
      );
      if (!row?.busy) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});
