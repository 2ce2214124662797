import type { Sql } from '../src/database.js';
import {
  classifyDatabaseError,
  doneChunks,
  recountTotals,
  writeChunk,
  writeEvents,
  type Database,
} from '../src/index.js';
import { enableColumnstore } from '../src/queries/columnstore_policy_set.js';
import { probeColumnstore } from '../src/queries/columnstore_probe.js';
import { CAME_BY_ITSELF } from '../src/queries/import_claims_make.js';
import { createRandom, event, eventId, events } from './event-makers.js';
import { begin, chunk, claims, owners } from './import-makers.js';
import { openDatabase, storages, untilSomebodyWaits, type OpenedDatabase } from './test-database.js';

describe.each(storages)('who brought an event, on %s', (storage) => {
  let opened: OpenedDatabase;
  let db: Database;
  beforeEach(async () => {
    opened = await openDatabase(storage);
    db = opened.db;
  });
  afterEach(() => opened.close());

  const write = (rows: ReturnType<typeof events>, pool = db) => writeEvents(pool, rows);
  let chunksWritten = 0;
  const bring = async (id: number, rows: ReturnType<typeof events>, pool = db) =>
    writeChunk(pool, id, chunk(chunksWritten++), rows, { rejected: 0 });
  const ownerOf = async (n: number) =>
    (await owners(db)).find(({ event_id }) => event_id === eventId(n))?.import_id;

  it('is claimed by whoever brings what is another import’s, and by nobody else', async () => {
    const [a, b] = [await begin(db, 'a'), await begin(db, 'b')];
    await write(events(0, 2));
    await bring(a, events(1, 5));
    // What came by itself needs no claim: no undo removes it.
    expect(await claims(db)).toEqual([]);
    await bring(a, events(3, 6));
    expect(await claims(db)).toEqual([]);

    await bring(b, [...events(0, 1), ...events(4, 8), event(4)]);
    const others = [4, 5].map((n) => ({ event_id: eventId(n), import_id: b }));
    expect(await claims(db)).toEqual(inOrder(others));
    await write(events(1, 7));
    await write(events(1, 7));
    const byItself = [2, 3, 4, 5, 6].map((n) => ({ event_id: eventId(n), import_id: CAME_BY_ITSELF }));
    expect(await claims(db)).toEqual(inOrder([...others, ...byItself]));
    expect(await Promise.all([0, 1, 2, 5, 6].map(ownerOf))).toEqual([null, null, a, a, b]);
  });

  it('is claimed at that instant only', async () => {
    const a = await begin(db);
    const later = event(1, { occurred_at: '2024-03-04T10:00:00.001Z' });
    await bring(a, [event(1)]);
    expect(await write([later, event(2), event(2)])).toEqual({ inserted: 2, duplicates: 1 });
    expect(await claims(db)).toEqual([]);
    await write([later, event(1)]);
    expect(await claims(db)).toEqual([{ event_id: eventId(1), import_id: CAME_BY_ITSELF }]);
  });

  it('is claimed in the transaction of the write where that has one', async () => {
    const a = await begin(db);
    await bring(a, events(0, 3));
    const within = (fail: boolean) =>
      writeEvents(db, events(2, 4), {
        within: () => (fail ? Promise.reject(new Error('stopped')) : Promise.resolve()),
      });
    await expect(within(true)).rejects.toThrow('stopped');
    expect(await claims(db)).toEqual([]);
    expect(await within(false)).toEqual({ inserted: 1, duplicates: 1 });
    expect(await claims(db)).toHaveLength(1);
  });

  it('is claimed of those only that are not too old', async () => {
    const a = await begin(db);
    const old = event(1, { occurred_at: '2024-02-01T00:00:00.000Z' });
    await bring(a, [old, event(2)]);
    await db.run((sql) => sql`UPDATE event_storage SET retained_from = '2024-03-01'`);
    const dropped =
      storage === 'partitions'
        ? 'DROP TABLE events_2024_02'
        : `DELETE FROM events WHERE occurred_at < '2024-03-01'`;
    await db.run((sql) => sql.unsafe(dropped));
    expect(await write([old, event(2)])).toMatchObject({
      inserted: 0,
      duplicates: 1,
      tooOld: { indexes: [0] },
    });
    expect(await claims(db)).toEqual([{ event_id: eventId(2), import_id: CAME_BY_ITSELF }]);
  });

  it('does not keep sixteen who claim the same, in opposite orders, in each other’s way', async () => {
    const a = await begin(db);
    await bring(a, events(0, 1_000));
    const pools = Array.from({ length: 4 }, () => opened.connect({ maxConnections: 4 }));
    const b = await begin(db, 'b');
    await Promise.all(
      Array.from({ length: 16 }, (_, i) => {
        const part = events((i % 8) * 100, 1_000);
        if (i % 2) part.reverse();
        return i < 4 ? bring(b, part, pools[i]) : write(part, pools[i % 4]);
      }),
    );
    expect(await claims(db)).toHaveLength(2_000);
    expect((await recountTotals(db)).rows).toBe(1_000);
  });

  describe('while an import is undone', () => {
    /** The transaction of an undo, with its locks: see undo-step.ts. */
    const undoing = async <T>(work: (undo: { remove: (id: number) => Promise<number> }) => Promise<T>) =>
      opened.connect().transaction(async (sql) => {
        await sql`LOCK TABLE events IN ROW EXCLUSIVE MODE`;
        await sql`LOCK TABLE import_claims IN SHARE ROW EXCLUSIVE MODE`;
        return work({ remove: (id) => removeUnclaimed(sql, id) });
      });

    const bringers: [
      string,
      (rows: ReturnType<typeof events>) => Promise<{ owner: number | null; inserted: number }>,
    ][] = [
      [
        'comes by itself',
        async (rows) => ({ owner: null, inserted: (await write(rows, opened.connect())).inserted }),
      ],
      [
        'comes by itself, written with something else',
        async (rows) => {
          const within = () => Promise.resolve();
          return { owner: null, inserted: (await writeEvents(opened.connect(), rows, { within })).inserted };
        },
      ],
      [
        'comes by another import',
        async (rows) => {
          const b = await begin(db, 'b');
          return { owner: b, inserted: (await bring(b, rows, opened.connect())).inserted };
        },
      ],
    ];

    it.each(bringers)(
      'what %s is found there and then removed: it is written again',
      async (_, bringAgain) => {
        const a = await begin(db);
        await bring(a, events(0, 10));
        await emptyLog(db);
        const { again } = await undoing(async ({ remove }) => {
          const again = bringAgain(events(5, 15));
          await untilSomebodyWaits(db, { table: 'import_claims' });
          expect(await remove(a)).toBe(10);
          return { again };
        });
        const { owner, inserted } = await again;
        expect(inserted).toBe(10);
        expect((await owners(db)).map(({ import_id }) => import_id)).toEqual(
          Array.from({ length: 10 }, () => owner),
        );
        expect(await claims(db)).toEqual([]);
        expect(await recountTotals(db)).toMatchObject({ rows: 10, logEvents: 10, activityDifferences: 0 });
      },
    );

    it.each(bringers)(
      'what %s is removed already, but not yet for all to see: it is written',
      async (_, bringAgain) => {
        const a = await begin(db);
        await bring(a, events(0, 10));
        await emptyLog(db);
        const { again } = await undoing(async ({ remove }) => {
          expect(await remove(a)).toBe(10);
          const again = bringAgain(events(5, 15));
          await untilSomebodyWaits(db);
          return { again };
        });
        expect((await again).inserted).toBe(10);
        expect(await recountTotals(db)).toMatchObject({ rows: 10, logEvents: 10, activityDifferences: 0 });
      },
    );

    it.each(bringers)('what %s was claimed before: it stays', async (_, bringAgain) => {
      const a = await begin(db);
      await bring(a, events(0, 10));
      const { inserted } = await bringAgain(events(5, 10));
      expect(inserted).toBe(0);
      await undoing(async ({ remove }) => expect(await remove(a)).toBe(5));
      expect(await owners(db)).toHaveLength(5);
    });

    it('and is undone in vain: what is claimed meanwhile is claimed then', async () => {
      const a = await begin(db);
      await bring(a, events(0, 10));
      let again: Promise<unknown> | undefined;
      const undone = undoing(async ({ remove }) => {
        again = write(events(0, 20), opened.connect());
        await untilSomebodyWaits(db, { table: 'import_claims' });
        await remove(a);
        throw new Error('stopped');
      });
      await expect(undone).rejects.toThrow('stopped');
      expect(await again).toEqual({ inserted: 10, duplicates: 10 });
      expect(await claims(db)).toHaveLength(10);
    });
  });

  it('is asked again a bounded number of times', async () => {
    const a = await begin(db);
    await bring(a, [event(1)]);
    // What is neither there nor can be written.
    await db.run((sql) =>
      sql.unsafe(`
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER swallow BEFORE INSERT ON events FOR EACH ROW
          WHEN (NEW.user_id = 'user-2') EXECUTE FUNCTION swallow()`),
    );
    const error: unknown = await write([event(1), event(2)]).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'events_vanish' });
    expect(classifyDatabaseError(error).kind).toBe('retryable');
    await expect(bring(a, [event(1), event(2)])).rejects.toMatchObject({ code: 'events_vanish' });
    expect(await doneChunks(db, a)).toHaveLength(1);
  });

  it('loses nothing that was acknowledged, whatever imports bring and undos remove at the same time', async () => {
    const random = createRandom(11);
    const pools = Array.from({ length: 4 }, () => opened.connect({ maxConnections: 3 }));
    const imports: number[] = [];
    for (let i = 0; i < 12; i++) imports.push(await begin(db, `file ${i}`));
    const some = () => {
      const from = Math.floor(random() * 2_000);
      return events(from, from + 1 + Math.floor(random() * 60));
    };
    const acknowledged = new Set<string>();
    const writer = async (w: number) => {
      for (let i = 0; i < 40; i++) {
        const rows = some();
        await write(rows, pools[w]);
        for (const { event_id } of rows) acknowledged.add(event_id);
      }
    };
    let removed = 0;
    const importer = async (id: number) => {
      for (let i = 0; i < 5; i++) await bring(id, some(), pools[2]);
      await pools[3]!.transaction(async (sql) => {
        await sql`LOCK TABLE events IN ROW EXCLUSIVE MODE`;
        await sql`LOCK TABLE import_claims IN SHARE ROW EXCLUSIVE MODE`;
        const gone = await removeUnclaimed(sql, id);
        removed += gone;
      });
    };
    const importAll = async () => {
      for (let i = 0; i < imports.length; i += 3) await Promise.all(imports.slice(i, i + 3).map(importer));
    };
    await Promise.all([writer(0), writer(0), writer(1), importAll()]);
    const stored = await owners(db);
    expect(removed).toBeGreaterThan(0);
    const ids = new Set(stored.map(({ event_id }) => event_id));
    expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
    // All imports are undone: what is left came by itself.
    expect(
      stored.filter(({ import_id, event_id }) => import_id !== null || !acknowledged.has(event_id)),
    ).toEqual([]);
  });

  const onTimescale = storage === 'timescaledb' ? it : it.skip;
  onTimescale('is known of compressed events as well', async () => {
    const a = await begin(db);
    const spread = (from: number, to: number) =>
      events(from, to).map((e, i) => ({
        ...e,
        occurred_at: new Date(Date.UTC(2024, 2, 4) + (i % 900) * 60_000).toISOString(),
      }));
    await bring(a, spread(0, 12_000));
    await db.run(async (sql) => enableColumnstore(sql, await probeColumnstore(sql)));
    await db.run((sql) => sql`SELECT compress_chunk(chunk) FROM show_chunks('events') AS chunk`);
    expect(await write(spread(0, 10_000))).toEqual({ inserted: 0, duplicates: 10_000 });
    expect(await claims(db)).toHaveLength(10_000);
    const b = await begin(db, 'b');
    expect(await bring(b, spread(11_000, 12_500))).toMatchObject({ doneBefore: false });
  });
});

const inOrder = <T extends { event_id: string; import_id: number }>(rows: T[]): T[] =>
  rows.sort((x, y) =>
    x.event_id < y.event_id ? -1 : x.event_id > y.event_id ? 1 : x.import_id - y.import_id,
  );

/** As an undo does it, without statistics: what somebody else claims is left to the first of them. */
async function removeUnclaimed(sql: Sql, id: number): Promise<number> {
  await sql`DELETE FROM import_claims WHERE import_id = ${id}`;
  await sql`
    UPDATE events SET import_id = nullif(claimant, 0)
    FROM (SELECT event_id, occurred_at, min(import_id) AS claimant FROM import_claims GROUP BY 1, 2) AS claim
    WHERE events.event_id = claim.event_id AND events.occurred_at = claim.occurred_at AND events.import_id = ${id}`;
  await sql`
    DELETE FROM import_claims AS claim USING events
    WHERE events.event_id = claim.event_id AND events.occurred_at = claim.occurred_at
      AND events.import_id IS NOT DISTINCT FROM nullif(claim.import_id, 0)`;
  const { count } = await sql`DELETE FROM events WHERE import_id = ${id}`;
  return count;
}

const emptyLog = (db: Database) => db.run((sql) => sql`DELETE FROM activity_log`);
