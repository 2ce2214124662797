import { portableUserSets as userSets } from '@event-analytics/user-sets';
import {
  buildStep,
  createFoldMemory,
  createStatistics,
  dropExpiredEvents,
  ensureIndexes,
  eventCounts,
  foldActivityLog,
  keepColumnstorePolicy,
  makePartitionsAhead,
  periodActiveUsers,
  recount,
  recountTotals,
  requestReindex,
  retention,
  stickiness,
  topEvents,
  writeEvents,
  type Database,
  type StorageKind,
  type WriteResult,
} from '../src/index.js';
import {
  addColumnstorePolicy,
  enableColumnstore,
  removeColumnstorePolicy,
} from '../src/queries/columnstore_policy_set.js';
import { probeColumnstore } from '../src/queries/columnstore_probe.js';
import { event, events } from './event-makers.js';
import {
  beforeFirst,
  openDatabase,
  storages,
  untilSomebodyWaits,
  type OpenedDatabase,
} from './test-database.js';

const DAY_MS = 86_400_000;
const CHUNK_MS = 28 * DAY_MS;
const NOW_MS = Date.parse('2024-06-15T12:00:00Z');
const KEEP = { retainRawDays: 30, zones: ['UTC', 'America/New_York'], nowMs: NOW_MS };
/** 32 days before NOW_MS, and the last end of a month or chunk before that. */
const EXPIRED_BEFORE_MS = Date.parse('2024-05-14T12:00:00Z');
const RETAINED_FROM: Record<StorageKind, string> = {
  partitions: '2024-05-01T00:00:00.000Z',
  timescaledb: new Date(Math.floor(EXPIRED_BEFORE_MS / CHUNK_MS) * CHUNK_MS).toISOString(),
};
/** In the last partition that is dropped. */
const OLD: Record<StorageKind, string> = {
  partitions: dayBefore(RETAINED_FROM.partitions),
  timescaledb: dayBefore(RETAINED_FROM.timescaledb),
};
const YOUNG = '2024-06-10T10:00:00.000Z';

describe.each(storages)('the life of raw events on %s', (storage) => {
  const oldDay = OLD[storage];
  let opened: OpenedDatabase;
  let db: Database;
  beforeEach(async () => {
    opened = await openDatabase(storage);
    db = opened.db;
    await ensureIndexes(db, KEEP.zones);
  });
  afterEach(() => opened.close());

  /** Ends of all partitions or chunks, in order. */
  const ends = async () =>
    (
      await db.run(
        (sql) => sql<{ ends: string }[]>`
          SELECT to_char(ends, 'YYYY-MM-DD') AS ends FROM events_expired('infinity') ORDER BY ends`,
      )
    ).map((row) => row.ends);

  async function foldAll(memory = createFoldMemory(userSets)): Promise<void> {
    for (const historical of [true, false]) {
      while ((await foldActivityLog(db, memory, { historical, entriesMax: 10_000 }))?.more);
    }
  }

  it('makes what live events will need, once', async () => {
    const nowMs = Date.parse('2024-11-30T23:00:00Z');
    await makePartitionsAhead(db, { nowMs });
    const made = await ends();
    if (storage === 'partitions') expect(made).toEqual(['2024-12-01', '2025-01-01', '2025-02-01']);
    else expect(made).toHaveLength(3);
    await Promise.all(
      Array.from({ length: 4 }, () => makePartitionsAhead(opened.connect(), { nowMs: nowMs + 1 })),
    );
    await writeEvents(db, [
      event(1, { occurred_at: new Date(nowMs).toISOString() }),
      event(2, { occurred_at: new Date(nowMs + 2 * CHUNK_MS - DAY_MS).toISOString() }),
    ]);
    expect(await ends()).toEqual(made);
    expect((await recountTotals(db)).rows).toBe(2);
  });

  it('drops nothing for ever, and nothing that is young enough', async () => {
    await writeEvents(db, [event(1, { occurred_at: oldDay })]);
    expect(await dropExpiredEvents(db, { ...KEEP, retainRawDays: 0 })).toEqual({
      dropped: 0,
      awaitsIndex: false,
      retainedFrom: undefined,
    });
    expect(await dropExpiredEvents(db, { ...KEEP, retainRawDays: 150 })).toMatchObject({ dropped: 0 });
    expect((await recountTotals(db)).rows).toBe(1);
  });

  it('drops whole partitions that are too old, however many, and moves the watermark to their end', async () => {
    const oldOnes = Array.from({ length: 30 }, (_, i) => new Date(Date.UTC(2021, 2 * i, 9)).toISOString());
    // The first instant that is kept, and one that shares its partition with what is too old.
    const kept = [RETAINED_FROM[storage], new Date(EXPIRED_BEFORE_MS - 1).toISOString(), YOUNG];
    const old = [...oldOnes.filter((occurred_at) => occurred_at < '2024-03'), oldDay];
    await writeEvents(
      db,
      [...old, ...kept].map((occurred_at, i) => event(i, { occurred_at })),
    );
    expect(await dropExpiredEvents(db, KEEP)).toEqual({
      dropped: old.length,
      awaitsIndex: false,
      retainedFrom: RETAINED_FROM[storage],
    });
    expect((await recountTotals(db)).rows).toBe(kept.length);
    expect(await dropExpiredEvents(db, KEEP)).toEqual({
      dropped: 0,
      awaitsIndex: false,
      retainedFrom: RETAINED_FROM[storage],
    });
  });

  it('never stores again what could have been dropped, and names it', async () => {
    const old = event(1, { occurred_at: oldDay });
    await writeEvents(db, [old, event(2, { occurred_at: YOUNG })]);
    await dropExpiredEvents(db, KEEP);
    const before = await ends();
    // By a process that knows of the partition, and by one that does not.
    for (const pool of [db, opened.connect()]) {
      expect(
        await writeEvents(pool, [event(2, { occurred_at: YOUNG }), old, event(3, { occurred_at: oldDay })]),
      ).toEqual({
        inserted: 0,
        duplicates: 1,
        tooOld: { indexes: [1, 2], retainedFrom: RETAINED_FROM[storage] },
      });
    }
    const justBefore = new Date(Date.parse(RETAINED_FROM[storage]) - 1).toISOString();
    const edges = [event(4, { occurred_at: justBefore }), event(5, { occurred_at: RETAINED_FROM[storage] })];
    expect(await writeEvents(db, edges)).toMatchObject({ inserted: 1, tooOld: { indexes: [0] } });
    const after = await ends();
    expect(after.filter((end) => !before.includes(end))).toHaveLength(1);
    const totals = await recountTotals(db);
    expect(totals).toMatchObject({ rows: 2, logEvents: 3 });
  });

  it('refuses what comes again while its partition is being dropped, and loses nothing that came before', async () => {
    const database = new URL(opened.url).pathname.slice(1);
    // Under any default of the database: a snapshot that is older than the lock would be wrong.
    await db.run((sql) =>
      sql.unsafe(`ALTER DATABASE "${database}" SET default_transaction_isolation = 'repeatable read'`),
    );
    await makePatient(db);
    const [old, late] = [event(1, { occurred_at: oldDay }), event(2, { occurred_at: oldDay })];
    // They know the partition already: they will not ask for it to be made.
    const [paused, ...behind] = Array.from({ length: 3 }, () => opened.connect());
    for (const pool of [paused!, ...behind]) await writeEvents(pool, [event(3, { occurred_at: oldDay })]);

    let dropping: Promise<unknown> | undefined;
    let writing: Promise<WriteResult>[] = [];
    // Paused between its insert and its commit; the drop waits for it, and two writes behind the drop.
    const first = await writeEvents(paused!, [old], {
      async within() {
        dropping = dropExpiredEvents(opened.connect(), KEEP);
        await untilSomebodyWaits(db, { table: 'events' });
        writing = [
          writeEvents(behind[0]!, [old, late]),
          writeEvents(behind[1]!, [old, late], { within: () => Promise.resolve() }),
        ];
        await untilSomebodyWaits(db, { table: 'events', many: 3 });
      },
    });

    expect(first).toEqual({ inserted: 1, duplicates: 0 });
    expect(await dropping).toMatchObject({ dropped: 1 });
    for (const write of await Promise.all(writing)) {
      expect(write).toMatchObject({ inserted: 0, duplicates: 0, tooOld: { indexes: [0, 1] } });
    }
    expect(await recountTotals(db)).toMatchObject({ rows: 0, logEvents: 2 });
    expect(await ends()).toEqual([]);
  });

  it('does not have writers wait long: it gives up, and is done later', async () => {
    await writeEvents(db, [event(1, { occurred_at: oldDay })]);
    await writeEvents(opened.connect(), [event(2, { occurred_at: YOUNG })], {
      async within() {
        await expect(dropExpiredEvents(opened.connect(), KEEP)).rejects.toMatchObject({ code: '55P03' });
      },
    });
    expect((await recountTotals(db)).rows).toBe(2);
    expect(await dropExpiredEvents(db, KEEP)).toMatchObject({ dropped: 1 });
  });

  it('is safe when several processes are at it', async () => {
    const old = Array.from({ length: 20 }, (_, i) => new Date(Date.UTC(2020, 2 * i, 9)).toISOString());
    await writeEvents(
      db,
      old.map((occurred_at, i) => event(i, { occurred_at })),
    );
    const all = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const pool = opened.connect();
        await Promise.all([
          makePartitionsAhead(pool, { nowMs: NOW_MS }),
          keepColumnstorePolicy(pool, { compressAfterDays: 30 }),
        ]);
        return await dropExpiredEvents(pool, KEEP);
      }),
    );
    const rest = await dropExpiredEvents(db, KEEP);
    expect([...all, rest].reduce((sum, { dropped }) => sum + dropped, 0)).toBe(old.length);
    expect((await recountTotals(db)).rows).toBe(0);
  });

  it('answers from events only where none that are needed were dropped', async () => {
    const { retained, dropped } = { retained: '2024-05-14', dropped: '2024-04-15' };
    await writeEvents(db, [event(1, { occurred_at: oldDay }), event(2, { occurred_at: YOUNG })]);
    const zone = 'UTC';
    const questions = (from: string) => [
      () => periodActiveUsers(db, { zone, period: 'day', from, to: '2024-06-20' }),
      () => topEvents(db, { zone, from, to: '2024-06-20', limit: 3 }),
      () => eventCounts(db, { zone, from, to: '2024-06-20', interval: 'day', limit: 3 }),
      () => stickiness(db, { zone, from: from === retained ? '2024-06-14' : from, to: '2024-06-20' }),
    ];
    const cohorts = () =>
      retention(db, {
        zone,
        startDate: '2024-06-01',
        windowType: 'daily',
        windows: 1,
        cohorts: 1,
        mode: 'classic',
      });
    for (const ask of [...questions(dropped), cohorts]) await ask();
    await dropExpiredEvents(db, KEEP);
    for (const ask of questions(retained)) await ask();
    for (const ask of [...questions(dropped), cohorts]) {
      await expect(ask()).rejects.toMatchObject({
        name: 'RawDataDroppedError',
        retainedFrom: RETAINED_FROM[storage],
      });
    }
  });

  it('does not drop under a statistic that is being computed', async () => {
    await writeEvents(db, [event(1, { occurred_at: oldDay })]);
    await makePatient(db);
    const asked = opened.connect();
    let dropping: Promise<unknown> | undefined;
    await asked.transaction(async (sql) => {
      await sql`LOCK TABLE ONLY events IN ACCESS SHARE MODE`;
      dropping = dropExpiredEvents(opened.connect(), KEEP);
      await untilSomebodyWaits(db, { table: 'events' });
      const [row] = await sql<{ n: number }[]>`SELECT count(*)::int4 AS n FROM events`;
      expect(row?.n).toBe(1);
    });
    expect(await dropping).toMatchObject({ dropped: 1 });
  });

  describe('and their statistics', () => {
    const statistics = () =>
      createStatistics({ db, userSets, cacheBytesMax: 1_000_000, statementTimeoutMs: 10_000 });
    const history = () =>
      Array.from({ length: 400 }, (_, i) =>
        event(i, {
          user_id: `user-${i % 37}`,
          event_type: `type-${i % 3}`,
          occurred_at: new Date(Date.parse('2024-01-01T00:00:00Z') + i * 0.4 * DAY_MS).toISOString(),
        }),
      );
    async function answers() {
      const asked = statistics();
      try {
        return await Promise.all(
          ['UTC', 'America/New_York'].flatMap((zone) => [
            asked.periodActiveUsers({ zone, period: 'day', from: '2024-01-01', to: '2024-06-15' }),
            asked.periodActiveUsers({ zone, period: 'month', from: '2024-01-01', to: '2024-06-15' }),
            asked.topEvents({ zone, from: '2024-01-01', to: '2024-06-15', limit: 5 }),
            asked.retention({
              zone,
              startDate: '2024-02-01',
              windowType: 'monthly',
              windows: 4,
              cohorts: 4,
              mode: 'classic',
            }),
          ]),
        ).then((all) => all.map(({ value, source }) => ({ value, source })));
      } finally {
        asked.close();
      }
    }

    it('outlive them, are counted once, and can be built anew from what is left', async () => {
      await writeEvents(db, history());
      await foldAll();
      const before = await answers();
      expect(before.map(({ source }) => source)).toEqual(before.map(() => 'index'));

      expect((await dropExpiredEvents(db, KEEP)).dropped).toBeGreaterThan(3);
      expect(await answers()).toEqual(before);
      const again = await writeEvents(db, history());
      expect(again.inserted).toBe(0);
      expect(again.tooOld?.indexes.length).toBeGreaterThan(200);
      await foldAll();
      expect(await answers()).toEqual(before);
      expect(await recount(db, userSets)).toMatchObject({
        differing: 0,
        retainedFrom: RETAINED_FROM[storage],
      });

      await requestReindex(db);
      await buildAll();
      expect(await answers()).toEqual(before);
      expect(await recount(db, userSets)).toMatchObject({ differing: 0 });
    });

    /** More than a step of building looks through. */
    async function logMany(): Promise<void> {
      for (let i = 0; i < 201; i++) {
        await writeEvents(db, [
          event(1_000 + i, { user_id: `user-${i}`, event_type: 'type-1', occurred_at: YOUNG }),
        ]);
      }
    }

    it('are built anew from what is left when the log was to be folded first', async () => {
      await writeEvents(db, history());
      await foldAll();
      await dropExpiredEvents(db, KEEP);
      await logMany();
      await requestReindex(db);
      for (let times = 0; times < 3; times++) {
        const memory = createFoldMemory(userSets);
        expect(await buildStep(db, memory, { bucketsMax: 1 })).toMatchObject({ postponed: true });
      }
      await foldAll();
      const before = await answers();
      await buildAll();
      expect(await answers()).toEqual(before);
      expect(await recount(db, userSets)).toMatchObject({ differing: 0, notReady: [] });
    });

    it('are built anew although copies of what was dropped had been left behind', async () => {
      await writeEvents(db, history());
      await foldAll();
      const before = await answers();
      await dropExpiredEvents(db, KEEP);
      await requestReindex(db);
      await db.run((sql) =>
        sql.unsafe(`
          INSERT INTO activity_users (index_id, unit, type, slot, seq, users)
          SELECT new.id, unit, type, slot, seq, users
          FROM activity_indexes old
          JOIN activity_indexes new ON new.zone = old.zone AND new.state = 'building'
          JOIN activity_users ON index_id = old.id AND unit = 'd'
          WHERE old.state = 'ready';
          INSERT INTO activity_counts (index_id, day, type, seq, total, quarters)
          SELECT new.id, day, type, seq, total, quarters
          FROM activity_indexes old
          JOIN activity_indexes new ON new.zone = old.zone AND new.state = 'building'
          JOIN activity_counts ON index_id = old.id
          WHERE old.state = 'ready'`),
      );
      await buildAll();
      expect(await answers()).toEqual(before);
      expect(await recount(db, userSets)).toMatchObject({ differing: 0, notReady: [] });
    });

    it('are not had in a zone that is added when all of them were dropped', async () => {
      await writeEvents(db, [event(1, { occurred_at: oldDay })]);
      await foldAll();
      await dropExpiredEvents(db, KEEP);
      expect((await recountTotals(db)).rows).toBe(0);
      await ensureIndexes(db, [...KEEP.zones, 'Asia/Tokyo']);
      await writeEvents(db, [event(2, { occurred_at: YOUNG })]);
      await foldAll();
      const asked = statistics();
      const users = (zone: string, from: string) =>
        asked.periodActiveUsers({ zone, period: 'month', from, to: '2024-06-15' });
      try {
        await expect(users('Asia/Tokyo', '2024-04-01')).rejects.toMatchObject({
          name: 'RawDataDroppedError',
          retainedFrom: RETAINED_FROM[storage],
        });
        const june = { source: 'index', value: [expect.objectContaining({ activeUsers: 1 })] };
        expect(await users('Asia/Tokyo', '2024-06-01')).toMatchObject(june);
        expect(await users('UTC', '2024-06-01')).toMatchObject(june);
        expect(await users('UTC', '2024-04-01')).toMatchObject({ source: 'index' });
      } finally {
        asked.close();
      }
      expect(await recount(db, userSets)).toMatchObject({ differing: 0, notReady: [] });
    });

    it('come first: nothing is dropped before the index has it', async () => {
      await writeEvents(db, history());
      await foldAll();
      const before = await answers();
      // As in a database that had events before it had an index.
      await db.run((sql) => sql.unsafe('TRUNCATE activity_indexes, activity_users, activity_counts'));
      expect(await dropExpiredEvents(db, KEEP)).toMatchObject({ dropped: 0, awaitsIndex: true });
      expect((await recountTotals(db)).rows).toBe(400);
      await buildAll();
      expect((await dropExpiredEvents(db, KEEP)).dropped).toBeGreaterThan(3);
      expect(await answers()).toEqual(before);
    });

    async function buildAll(): Promise<void> {
      const memory = createFoldMemory(userSets);
      while ((await buildStep(db, memory, { bucketsMax: 2_000 })) !== undefined);
    }
  });
});

describe('the columnstore', () => {
  let opened: OpenedDatabase;
  afterEach(() => opened.close());
  const keep = (compressAfterDays: number) => keepColumnstorePolicy(opened.db, { compressAfterDays });

  it('is not offered by plain PostgreSQL', async () => {
    opened = await openDatabase('partitions');
    expect(await keep(30)).toEqual({ kind: 'not_offered' });
  });

  (storages.includes('timescaledb') ? describe : describe.skip)('of TimescaleDB', () => {
    beforeEach(async () => {
      opened = await openDatabase('timescaledb');
    });
    const policies = async () => [
      ...(await opened.db.run(
        (sql) => sql<{ after: string }[]>`
          SELECT config ->> 'compress_after' AS after FROM timescaledb_information.jobs WHERE hypertable_name = 'events'`,
      )),
    ];
    const compressAll = async () =>
      (
        await opened.db.run(
          (sql) => sql<{ n: number }[]>`
            SELECT count(compress_chunk(c))::int4 AS n FROM show_chunks('events') AS c`,
        )
      )[0]?.n;

    it('has the policy that the setting says, changed with it and removed with it', async () => {
      expect(await keep(0)).toEqual({ kind: 'none' });
      expect(await keep(30)).toEqual({ kind: 'set', days: 30 });
      expect(await policies()).toEqual([{ after: '30 days' }]);
      expect(await keep(30)).toEqual({ kind: 'none' });
      expect(await keep(7)).toEqual({ kind: 'set', days: 7 });
      expect(await policies()).toEqual([{ after: '7 days' }]);
      expect(await keep(0)).toEqual({ kind: 'remove' });
      expect(await policies()).toEqual([]);
      expect(await keep(7)).toEqual({ kind: 'set', days: 7 });
    });

    it('is set by the older names as well', async () => {
      await opened.db.transaction(async (sql) => {
        const older = { ...(await probeColumnstore(sql)), dialect: 'compression' as const };
        await enableColumnstore(sql, older);
        await addColumnstorePolicy(sql, older, 9);
        expect(await probeColumnstore(sql)).toMatchObject({ enabled: true, policyDays: 9 });
        await removeColumnstorePolicy(sql, older);
        expect(await probeColumnstore(sql)).toMatchObject({ enabled: true, policyDays: undefined });
      });
    });

    it('leaves alone what another process is at', async () => {
      await opened.db.transaction(async (sql) => {
        await sql`SELECT pg_advisory_xact_lock(hashtextextended('event_analytics.upkeep', 0))`;
        expect(await keepColumnstorePolicy(opened.connect(), { compressAfterDays: 30 })).toBeUndefined();
      });
    });

    it('is filled by the policy: chunks that ended so many days ago, and no others', async () => {
      await keep(30);
      const young = new Date(Date.now() - DAY_MS).toISOString();
      await writeEvents(opened.db, [
        event(1, { occurred_at: OLD.timescaledb }),
        event(2, { occurred_at: young }),
      ]);
      await opened.db.run((sql) =>
        sql.unsafe(`DO $$ DECLARE job int; BEGIN
          SELECT job_id INTO job FROM timescaledb_information.jobs WHERE hypertable_name = 'events';
          CALL run_job(job);
        END $$`),
      );
      const chunks = await opened.db.run(
        (sql) => sql<{ is_compressed: boolean }[]>`
          SELECT is_compressed FROM timescaledb_information.chunks WHERE hypertable_name = 'events' ORDER BY range_start`,
      );
      expect(chunks.map((chunk) => chunk.is_compressed)).toEqual([true, false]);
    });

    /** Without a policy, whose job could compress or count at the same time. */
    const enable = () =>
      opened.db.transaction(async (sql) => enableColumnstore(sql, await probeColumnstore(sql)));

    it('does not hide what is on its way into it from an index that is built meanwhile', async () => {
      const { db } = opened;
      await enable();
      // What is late goes into what is compressed already: the first time no snapshot is too old for.
      await writeEvents(db, events(0, 500, { occurred_at: OLD.timescaledb }));
      await compressAll();
      await writeEvents(db, events(500, 900, { occurred_at: OLD.timescaledb }));
      await ensureIndexes(db, ['UTC']);
      await foldActivityLog(db, createFoldMemory(userSets), { historical: true, entriesMax: 1_000 });
      const memory = createFoldMemory(userSets);
      let compressing: Promise<unknown> | undefined;
      // After the snapshot of the step, and before it reads. It tries for some seconds to have the chunk, and gives up.
      const watched = beforeFirst(
        db,
        (statement) => /FROM events\s/.test(statement),
        async () => {
          compressing = compressAll().catch((error: unknown) => error);
          await Promise.race([compressing, new Promise((resolve) => setTimeout(resolve, 1_000))]);
        },
      );
      const ready = ['', 'UTC'];
      expect(await buildStep(watched, memory, { bucketsMax: 100_000 })).toMatchObject({
        entries: 900,
        ready,
      });
      await compressing;
      expect(await recount(db, userSets)).toMatchObject({ differing: 0, notReady: [], events: 900 });
    });

    it('is not waited for by who builds an index', async () => {
      const { db } = opened;
      await enable();
      await writeEvents(db, events(0, 500, { occurred_at: OLD.timescaledb }));
      await ensureIndexes(db, ['UTC']);
      const build = () => buildStep(db, createFoldMemory(userSets), { bucketsMax: 100_000 });
      await opened.connect().transaction(async (sql) => {
        await sql`SELECT compress_chunk(c) FROM show_chunks('events') AS c`;
        expect(await build()).toBeUndefined();
      });
      expect(await build()).toMatchObject({ entries: 500 });
    });

    it('takes late events once, and none of what is compressed a second time', async () => {
      const { db } = opened;
      await keep(30);
      const spread = (from: number, to: number) =>
        events(from, to).map((e, i) => ({
          ...e,
          event_type: `type-${i % 7}`,
          occurred_at: new Date(Date.parse(OLD.timescaledb) + (i % 900) * 60_000).toISOString(),
        }));
      const stored = spread(0, 12_000);
      await writeEvents(db, stored);
      expect(await compressAll()).toBe(1);

      // Past what TimescaleDB would decompress for one statement by default.
      expect(await writeEvents(db, stored)).toEqual({ inserted: 0, duplicates: 12_000 });
      const late = spread(12_000, 13_000);
      const mixed = [...late, ...stored.slice(500, 600), ...late.slice(0, 10)];
      const pools = Array.from({ length: 4 }, () => opened.connect());
      const writes = await Promise.all(pools.map((pool) => writeEvents(pool, mixed)));
      expect(writes.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(1_000);
      expect(await writeEvents(db, [{ ...stored[0]!, user_id: 'other' }])).toMatchObject({ inserted: 0 });
      const ledger = { rows: 13_000, distinctKeys: 13_000, logEvents: 13_000, activityDifferences: 0 };
      expect(await recountTotals(db)).toMatchObject(ledger);

      // What was late is compressed as well, and still known.
      await compressAll();
      expect(await writeEvents(db, mixed)).toEqual({ inserted: 0, duplicates: mixed.length });
      expect(await recountTotals(db)).toMatchObject(ledger);

      await ensureIndexes(db, []);
      while ((await buildStep(db, createFoldMemory(userSets), { bucketsMax: 1_000_000 }))?.postponed) {
        await foldActivityLog(db, createFoldMemory(userSets), { historical: true, entriesMax: 1_000_000 });
      }
      expect(await dropExpiredEvents(db, { ...KEEP, zones: [] })).toMatchObject({ dropped: 1 });
      expect(await writeEvents(db, late)).toMatchObject({ inserted: 0, duplicates: 0 });
      expect((await recountTotals(db)).rows).toBe(0);
    });
  });
});

function dayBefore(instant: string): string {
  return new Date(Date.parse(instant) - DAY_MS).toISOString();
}

/** Waits for as long as it takes, so that a test decides what comes before what. */
async function makePatient(db: Database): Promise<void> {
  await db.run((sql) =>
    sql.unsafe(`DO $$ BEGIN
      EXECUTE replace(pg_get_functiondef('events_drop_expired'::regproc), '300ms', '60s');
    END $$`),
  );
}
