import type { AcceptedEvent } from '@event-analytics/event-schema';
import { portableUserSets as userSets } from '@event-analytics/user-sets';
import {
  buildStep,
  connectDatabase,
  createFoldMemory,
  createStatistics,
  dropExpiredEvents,
  ensureIndexes,
  finishImport,
  foldActivityLog,
  keepColumnstorePolicy,
  readImport,
  recount,
  requestReindex,
  sealStep,
  startIndexer,
  undoImport,
  writeChunk,
  writeEvents,
  type Database,
  type FoldMemory,
  type Statistics,
  type UndoResult,
} from '../src/index.js';
import { BY_ITSELF, createBroughtEvents } from './brought-events.js';
import { createRandom, event, events } from './event-makers.js';
import { begin, chunk, claims, owners } from './import-makers.js';
import { createModel } from './statistics-model.js';
import {
  beforeFirst,
  openDatabase,
  storages,
  untilSomebodyWaits,
  type OpenedDatabase,
} from './test-database.js';

const ZONES = ['UTC', 'America/New_York', 'Australia/Lord_Howe'];
const DAY_MS = 86_400_000;
/** All that is written is long over by then. */
const NOW_MS = Date.parse('2024-09-01T00:00:00Z');
const TYPES = ['view', 'buy', 'sign up'];
/** Both changes of the clocks of New York and of Lord Howe are in it. */
const HISTORY = { fromMs: Date.parse('2023-10-20T00:00:00Z'), days: 190 };
const ALL = { onProgress: () => undefined, pause: waitMs, signal: new AbortController().signal };

describe.each(storages)('undoing an import on %s', (storage) => {
  let opened: OpenedDatabase;
  let db: Database;
  let memory: FoldMemory;
  let brought: ReturnType<typeof createBroughtEvents>;
  let statistics: Statistics;
  let chunks = 0;
  beforeEach(async () => {
    opened = await openDatabase(storage);
    db = opened.db;
    memory = createFoldMemory(userSets, 50);
    brought = createBroughtEvents();
    statistics = createStatistics({ db, userSets, cacheBytesMax: 4_000_000, statementTimeoutMs: 30_000 });
  });
  afterEach(async () => {
    statistics.close();
    await opened.close();
  });

  async function write(some: readonly AcceptedEvent[]): Promise<void> {
    await writeEvents(db, some);
    brought.bring(BY_ITSELF, some);
  }

  async function bring(id: number, some: readonly AcceptedEvent[]): Promise<void> {
    await writeChunk(db, id, chunk(chunks++), some, { rejected: 0 });
    brought.bring(id, some);
  }

  async function undo(
    id: number,
    other: Partial<Parameters<typeof undoImport>[3]> = {},
  ): Promise<UndoResult> {
    return await undoImport(db, memory, id, { ...ALL, ...other });
  }

  /** Undoes it here and in the model, which agree about what is left. */
  async function undoAll(id: number): Promise<void> {
    const expected = brought.undo(id);
    const { interrupted, removed } = await undo(id);
    expect({ interrupted, removed }).toEqual({ interrupted: false, removed: expected.removed });
    expect(await readImport(db, id)).toMatchObject({ state: 'undone' });
  }

  async function foldAll(): Promise<void> {
    for (const historical of [true, false]) {
      while ((await foldActivityLog(db, memory, { historical, entriesMax: 2_000 }))?.more);
    }
  }

  async function buildAll(): Promise<void> {
    while ((await buildStep(db, memory, { bucketsMax: 96 * 40 })) !== undefined) await foldAll();
  }

  async function sealAll(): Promise<void> {
    while ((await sealStep(db, memory, NOW_MS)) !== undefined);
  }

  async function expectCounted(): Promise<void> {
    expect(await recount(db, userSets)).toMatchObject({ differing: 0, differences: [] });
  }

  /** The index answers, and what the model says; who asks remembers what was asked before. */
  async function expectRight(): Promise<void> {
    await expectCounted();
    const stored = await owners(db);
    expect(stored).toHaveLength(brought.size());
    const model = createModel(brought.events());
    const range = { from: '2023-10-18', to: '2024-05-03' };
    for (const zone of ZONES) {
      const days = await statistics.periodActiveUsers({ zone, period: 'day', ...range });
      expect(days.source).toBe('index');
      expect(days.value).toEqual(
        days.value.map((day) => ({ ...day, activeUsers: model.activeUsers({ zone }, day.start, day.end) })),
      );
      for (const eventType of [undefined, ...TYPES]) {
        const months = await statistics.periodActiveUsers({ zone, period: 'month', eventType, ...range });
        expect(months.value).toEqual(
          months.value.map((month) => ({
            ...month,
            activeUsers: model.activeUsers({ zone, eventType }, month.start, month.end),
          })),
        );
      }
      const top = { zone, ...range, limit: 10 };
      expect((await statistics.topEvents(top)).value).toEqual(model.topEvents(top));
      const cohorts = {
        zone,
        startDate: '2023-11-01',
        windowType: 'monthly' as const,
        windows: 5,
        cohorts: 6,
        mode: 'classic' as const,
      };
      expect((await statistics.retention(cohorts)).value).toEqual(model.retention(cohorts));
      const counts = await statistics.eventCounts({ zone, ...range, interval: 'day', limit: 9 });
      expect(counts.value.series.map(({ eventType, total }) => [eventType, total])).toEqual(
        model.topEvents(top).map(({ eventType, count }) => [eventType, count]),
      );
    }
  }

  it('leaves what is not its own, in all zones, sealed months and cohorts', async () => {
    await ensureIndexes(db, ZONES);
    const [own, other] = [await begin(db, 'a.csv'), await begin(db, 'b.csv')];
    await write(history(0, 300, 1));
    await bring(own, history(300, 800, 2));
    await foldAll();
    await sealAll();
    await bring(other, history(800, 1_000, 3));
    // Late, out of order, and into sealed months.
    await bring(own, history(1_000, 1_200, 4).reverse());
    await foldAll();
    await finishImport(db, own);
    await expectRight();
    await undoAll(own);
    await expectRight();
    await undoAll(other);
    await expectRight();
    expect(brought.size()).toBe(300);
  });

  it('makes users, types and days vanish that were in nothing else, and moves cohorts', async () => {
    await ensureIndexes(db, ZONES);
    const id = await begin(db);
    const first = event(1, { user_id: 'a', event_type: 'view', occurred_at: '2023-11-10T10:00:00.000Z' });
    const later = event(2, { user_id: 'a', event_type: 'view', occurred_at: '2024-01-10T10:00:00.000Z' });
    const only = event(3, { user_id: 'b', event_type: 'buy', occurred_at: '2024-02-10T10:00:00.000Z' });
    await bring(id, [first, only]);
    await write([later]);
    await foldAll();
    await sealAll();
    await expectRight();
    await undoAll(id);
    await expectRight();
    const rows = await db.run(
      (sql) => sql<{ unit: string; slot: number }[]>`
        SELECT DISTINCT unit, slot FROM activity_users
        UNION SELECT 'c', day FROM activity_counts`,
    );
    const day = Date.parse('2024-01-10') / DAY_MS;
    expect(rows.map(({ unit, slot }) => `${unit} ${slot}`).sort()).toEqual([
      `c ${day}`,
      `d ${day}`,
      `m ${(2024 - 1970) * 12}`,
    ]);
    // And all come back when the file is imported again.
    const again = await begin(db);
    expect(again).not.toBe(id);
    await bring(again, [first, only]);
    await foldAll();
    await expectRight();
  });

  it('keeps what came by itself as well, and what another import brought, in whatever order they are undone', async () => {
    await ensureIndexes(db, ZONES);
    const [a, b, c] = [await begin(db, 'a'), await begin(db, 'b'), await begin(db, 'c')];
    const some = events(0, 12, { occurred_at: '2024-03-10T07:30:00.000Z' });
    await bring(a, some.slice(0, 8));
    await bring(b, some.slice(4, 10));
    await bring(c, some.slice(6, 11));
    await write(some.slice(7, 12));
    await foldAll();
    expect(await undo(b)).toEqual({ removed: 0, kept: 2, interrupted: false });
    brought.undo(b);
    await expectRight();
    expect(await claims(db)).not.toContainEqual({ event_id: expect.any(String), import_id: b });
    await undoAll(a);
    await expectRight();
    await undoAll(c);
    await expectRight();
    expect(brought.size()).toBe(5);
    expect(await claims(db)).toEqual([]);
  });

  it('leaves nothing to an import that is being undone itself', async () => {
    await ensureIndexes(db, ZONES);
    const [a, b] = [await begin(db, 'a'), await begin(db, 'b')];
    const early = event(1, { occurred_at: '2024-01-01T00:00:00.000Z' });
    const late = event(2, { occurred_at: '2024-03-01T00:00:00.000Z' });
    await bring(a, [early, late]);
    await bring(b, [late, early, event(3, { occurred_at: '2024-04-01T00:00:00.000Z' })]);
    const stop = new AbortController();
    // b is past early and late, neither of which are its own, when a is undone.
    const steps: number[] = [];
    const half = await undo(b, {
      signal: stop.signal,
      onProgress: (share) => {
        steps.push(share);
        stop.abort();
      },
    });
    expect(half.interrupted).toBe(true);
    expect(await readImport(db, b)).toMatchObject({ state: 'undoing' });
    expect(await undo(a)).toMatchObject({ removed: 2 });
    expect(await undo(b)).toMatchObject({ interrupted: false });
    expect(await owners(db)).toEqual([]);
    await expectCounted();
  });

  it('takes what is not folded yet', async () => {
    await ensureIndexes(db, ZONES);
    const id = await begin(db);
    await write(history(0, 100, 1));
    await bring(id, history(100, 300, 2));
    await undoAll(id);
    await expectRight();
    expect(await db.run((sql) => sql`SELECT FROM activity_log`)).toHaveLength(0);
  });

  it('folds a log first that is too long for one step', async () => {
    await ensureIndexes(db, ['UTC']);
    const id = await begin(db);
    for (let n = 0; n < 230; n++) await write(history(2 * n, 2 * n + 2, n + 1));
    await bring(id, history(1_000, 1_100, 2));
    await undoAll(id);
    await expectCounted();
    expect(await owners(db)).toHaveLength(460);
  });

  it('agrees with indexes that are being built, whether they have got so far or not', async () => {
    const [a, b] = [await begin(db, 'a'), await begin(db, 'b')];
    await write(history(0, 200, 1));
    await bring(a, history(200, 400, 2));
    await bring(b, history(400, 600, 3));
    await ensureIndexes(db, ZONES);
    await foldAll();
    await buildStep(db, memory, { bucketsMax: 1 });
    // Half of it, and to the middle of a day.
    await buildStep(db, memory, { bucketsMax: 96 * 120 + 37 });
    await undoAll(a);
    await buildAll();
    await expectRight();
    // Beside ones that answer.
    await requestReindex(db);
    await buildStep(db, memory, { bucketsMax: 1 });
    await buildStep(db, memory, { bucketsMax: 96 * 90 + 50 });
    await undoAll(b);
    await expectRight();
    await buildAll();
    await expectRight();
  });

  it('refuses an import that there is not, or that is undone', async () => {
    await expect(undo(7)).rejects.toMatchObject({ name: 'ImportStateError', state: undefined });
    const id = await begin(db);
    await bring(id, events(0, 3));
    await undoAll(id);
    await expect(undo(id)).rejects.toMatchObject({ name: 'ImportStateError', state: 'undone' });
    await expect(writeChunk(db, id, chunk(99), events(5, 6), { rejected: 0 })).rejects.toMatchObject({
      name: 'ImportStateError',
    });
  });

  it('undoes an import of nothing', async () => {
    const id = await begin(db);
    expect(await undo(id)).toEqual({ removed: 0, kept: 0, interrupted: false });
    expect(await readImport(db, id)).toMatchObject({ state: 'undone' });
  });

  it('waits for the chunk that is being written, and lets no other begin', async () => {
    await ensureIndexes(db, ZONES);
    const id = await begin(db);
    let undone: Promise<UndoResult> | undefined;
    await db.transaction(async (sql) => {
      await sql`SELECT FROM imports WHERE id = ${id} FOR KEY SHARE`;
      undone = undo(id);
      await untilSomebodyWaits(opened.connect());
      const late = writeChunk(opened.connect(), id, chunk(1), events(3, 6), { rejected: 0 });
      // It may come before the undo or after it.
      await Promise.race([late.catch(() => undefined), waitMs(100)]);
    });
    await undone;
    await expect(
      writeChunk(opened.connect(), id, chunk(2), events(6, 9), { rejected: 0 }),
    ).rejects.toMatchObject({ name: 'ImportStateError' });
    expect(await owners(db)).toEqual([]);
    await expectCounted();
  });

  it('keeps for others what they bring while it is being removed', async () => {
    await ensureIndexes(db, ZONES);
    const id = await begin(db);
    const some = events(0, 5, { occurred_at: '2024-03-10T07:30:00.000Z' });
    await bring(id, some);
    await foldAll();
    let writing: Promise<unknown> | undefined;
    const watched = beforeFirst(
      db,
      (statement) => /DELETE FROM events/.test(statement),
      async () => {
        // It finds them there, and says so once it may: then they are not there any more.
        writing = writeEvents(opened.connect(), some);
        await untilSomebodyWaits(opened.connect());
      },
    );
    expect(await undoImport(watched, memory, id, ALL)).toMatchObject({ removed: 5 });
    await writing;
    brought.undo(id);
    brought.bring(BY_ITSELF, some);
    expect((await owners(db)).map(({ import_id }) => import_id)).toEqual(some.map(() => null));
    await foldAll();
    await expectRight();
  });

  it('waits for who is about to say that it brought the same', async () => {
    await ensureIndexes(db, ZONES);
    const id = await begin(db);
    await bring(id, events(0, 5, { occurred_at: '2024-03-10T07:30:00.000Z' }));
    let undone: Promise<UndoResult> | undefined;
    await db.transaction(async (sql) => {
      await sql`
        INSERT INTO import_claims (event_id, occurred_at, import_id)
        SELECT event_id, occurred_at, 0 FROM events WHERE user_id = 'user-3'`;
      undone = undo(id);
      await untilSomebodyWaits(opened.connect());
    });
    expect(await undone).toEqual({ removed: 4, kept: 1, interrupted: false });
    expect(await owners(db)).toMatchObject([{ user_id: 'user-3', import_id: null }]);
    await expectCounted();
  });

  it('counts into the month of what it folds, also where that is sealed behind its snapshot', async () => {
    await ensureIndexes(db, ['UTC']);
    const active = (n: number, occurred_at: string) => event(n, { occurred_at });
    await db.run((sql) => sql`UPDATE activity_indexes SET sealed_before = ${(2024 - 1970) * 12}::int`);
    const id = await begin(db);
    await bring(id, [active(1, '2024-01-10T10:00:00.000Z'), active(2, '2024-06-10T10:00:00.000Z')]);
    await write([active(3, '2024-03-10T10:00:00.000Z')]);
    await foldAll();
    let steps = 0;
    const late: Database = {
      ...db,
      async transaction(work, options) {
        if (options?.repeatableRead !== true || ++steps !== 2) return await db.transaction(work, options);
        // The second step finds nothing of the import, and this in the log.
        await write([active(4, '2024-03-10T10:00:00.000Z')]);
        return await db.transaction(async (sql) => {
          await sql`SELECT FROM activity_state`;
          await sealAll();
          return await work(sql);
        }, options);
      },
    };
    expect(await undoImport(late, createFoldMemory(userSets, 50), id, ALL)).toMatchObject({ removed: 2 });
    expect(steps).toBeGreaterThan(2);
    await foldAll();
    await expectCounted();
  });

  it('lets a statement take as long as the whole step may', async () => {
    const id = await begin(db);
    await bring(id, events(0, 3));
    const limits: unknown[] = [];
    const watched: Database = {
      ...db,
      transaction: (work, options) =>
        db.transaction(async (sql) => {
          if (options?.repeatableRead) limits.push(...(await sql`SHOW statement_timeout`));
          return await work(sql);
        }, options),
    };
    expect(await undoImport(watched, memory, id, ALL)).toMatchObject({ removed: 3 });
    expect(limits).toEqual([{ statement_timeout: '15min' }]);
  });

  describe('where raw events were dropped', () => {
    const dropAll = (nowMs: number) => dropExpiredEvents(db, { retainRawDays: 30, zones: ZONES, nowMs });

    it('refuses with the reason and both dates, and changes nothing', async () => {
      await ensureIndexes(db, ZONES);
      const id = await begin(db);
      await write(history(0, 100, 1));
      await bring(id, [
        event(500, { occurred_at: '2023-11-20T10:00:00.000Z' }),
        event(501, { occurred_at: '2024-04-20T10:00:00.000Z' }),
      ]);
      await foldAll();
      expect((await dropAll(Date.parse('2024-04-01T00:00:00Z'))).dropped).toBeGreaterThan(0);
      const before = await readImport(db, id);
      await expect(undo(id)).rejects.toMatchObject({
        name: 'ImportDataDroppedError',
        earliest: '2023-11-20T10:00:00.000Z',
        retainedFrom: expect.stringMatching(/^2024-0/),
      });
      expect(await readImport(db, id)).toEqual(before);
      await expectCounted();
    });

    it('refuses to count a day anew that has lost its beginning', async () => {
      await ensureIndexes(db, ZONES);
      const id = await begin(db);
      await write(history(0, 400, 1));
      await foldAll();
      const { retainedFrom } = await dropAll(Date.parse('2024-04-01T00:00:00Z'));
      // In New York it is the day before, of which the most is gone.
      const at = new Date(Date.parse(retainedFrom ?? '') + 3_600_000).toISOString();
      const next = new Date(Date.parse(retainedFrom ?? '') + 2 * DAY_MS).toISOString();
      await bring(id, [event(900, { occurred_at: at })]);
      const whole = await begin(db, 'whole');
      await bring(whole, [event(901, { occurred_at: next })]);
      await foldAll();
      await expect(undo(id)).rejects.toMatchObject({ name: 'ImportDataDroppedError' });
      expect(await undo(whole)).toMatchObject({ removed: 1 });
      await expectCounted();
    });

    it('undoes what has nothing there that could be removed', async () => {
      await ensureIndexes(db, ZONES);
      const id = await begin(db);
      const old = history(0, 50, 1);
      await write(old);
      await bring(id, old);
      await bring(id, [event(900, { occurred_at: '2024-04-20T10:00:00.000Z' })]);
      await foldAll();
      await dropAll(Date.parse('2024-04-01T00:00:00Z'));
      expect(await undo(id)).toMatchObject({ removed: 1, interrupted: false });
      await expectCounted();
    });
  });

  it('goes on after its connection was ended, wherever that was', async () => {
    await ensureIndexes(db, ZONES);
    await write(history(0, 150, 1));
    const id = await begin(db);
    await bring(id, history(100, 400, 2));
    await write(history(300, 450, 3));
    await foldAll();
    await sealAll();
    const expected = brought.undo(id);
    const victim = connectDatabase({ url: opened.url, applicationName: 'victim', maxConnections: 2 });
    let killed = 0;
    let removed = 0;
    try {
      // A step further each time.
      for (let at = 1, done = false; !done; at += 3) {
        let sent = 0;
        let ended = false;
        const dying = beforeFirst(
          victim,
          () => ++sent === at,
          () => {
            ended = true;
            return db.run(
              (sql) => sql`
                SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE application_name = 'victim' AND datname = current_database()`,
            );
          },
        );
        try {
          const result = await undoImport(dying, createFoldMemory(userSets, 50), id, ALL);
          removed += result.removed;
          done = true;
        } catch (error) {
          if (!ended) throw error;
          killed++;
        }
        await expectCounted();
      }
    } finally {
      await victim.end({ timeout: 1 });
    }
    expect(killed).toBeGreaterThan(10);
    expect(removed).toBeLessThanOrEqual(expected.removed);
    await expectRight();
  });

  it('is right at every moment while events are written, folded, imported and counted', async () => {
    await ensureIndexes(db, ZONES);
    const ids = [await begin(db, 'a'), await begin(db, 'b')] as const;
    const running = await begin(db, 'c');
    await write(history(0, 200, 1));
    await bring(ids[0], history(100, 700, 2));
    await bring(ids[1], history(500, 1_000, 3));
    const pool = opened.connect({ maxConnections: 6 });
    const indexer = startIndexer({
      db: pool,
      userSets,
      zones: ZONES,
      usersRemembered: 100,
      log: { info: () => undefined, warn: () => undefined },
      clock: () => NOW_MS,
    });
    let writing = true;
    let looked = 0;
    const sent: { by: number; some: AcceptedEvent[] }[] = [];
    const writers = [BY_ITSELF, running].map(async (by) => {
      const random = createRandom(by + 5);
      for (let n = 0; writing; n++) {
        const from = Math.floor(random() * 1_200);
        // Some are what the imports brought, instants and all.
        const seed = [1, 2, 3][n % 3] ?? 1;
        const some = history(from, from + 20, seed);
        if (by === BY_ITSELF) await writeEvents(pool, some);
        else await writeChunk(pool, by, chunk(100 + n), some, { rejected: 0 });
        sent.push({ by, some });
        await waitMs(5);
      }
    });
    const watcher = (async () => {
      while (writing) {
        await expectCounted();
        looked++;
      }
    })();
    try {
      await Promise.all(ids.map((id) => undoImport(pool, createFoldMemory(userSets, 50), id, ALL)));
      while (looked < 3) await waitMs(20);
    } finally {
      writing = false;
      await Promise.all(writers);
      await watcher;
      await indexer.stop();
    }
    // Undone first and sent after it, or the other way round: what was sent by somebody else is there.
    for (const id of ids) brought.undo(id);
    for (const { by, some } of sent) brought.bring(by, some);
    await foldAll();
    await expectCounted();
    const stored = await owners(db);
    expect(stored.map((one) => one.event_id).sort()).toEqual(
      brought
        .events()
        .map((one) => one.event_id)
        .sort(),
    );
    expect(stored.filter((one) => ids.some((id) => id === one.import_id))).toEqual([]);
    for (const id of ids) expect(await readImport(db, id)).toMatchObject({ state: 'undone' });
  });

  (storage === 'timescaledb' ? describe : describe.skip)('whose chunks are compressed', () => {
    it('removes from them and counts anew', async () => {
      await keepColumnstorePolicy(db, { compressAfterDays: 30 });
      await ensureIndexes(db, ZONES);
      const [a, b] = [await begin(db, 'a'), await begin(db, 'b')];
      await write(history(0, 500, 1));
      await bring(a, history(300, 1_500, 2));
      await bring(b, history(1_200, 1_800, 2));
      await write(history(1_400, 1_450, 2));
      await foldAll();
      await compressAll(db);
      await undoAll(a);
      await expectRight();
      await compressAll(db);
      await undoAll(b);
      await expectRight();
    });

    it('removes more than TimescaleDB would decompress for one statement', async () => {
      await keepColumnstorePolicy(db, { compressAfterDays: 30 });
      await ensureIndexes(db, ['UTC']);
      const id = await begin(db);
      const crowd = (from: number, to: number) =>
        events(from, to).map((one, i) => ({
          ...one,
          user_id: `user-${i % 500}`,
          occurred_at: new Date(Date.parse('2024-03-04T00:00:00Z') + (i % 1_440) * 60_000).toISOString(),
        }));
      for (let n = 0; n < 24; n++) {
        const some = crowd(n * 5_000, (n + 1) * 5_000);
        await (n % 3 === 0 ? writeEvents(db, some) : writeChunk(db, id, chunk(n), some, { rejected: 0 }));
      }
      await foldAll();
      await compressAll(db);
      expect(await undo(id)).toEqual({ removed: 80_000, kept: 0, interrupted: false });
      await expectCounted();
    });

    it('sees what a compression that is under way leaves', async () => {
      await keepColumnstorePolicy(db, { compressAfterDays: 30 });
      await ensureIndexes(db, ZONES);
      const id = await begin(db);
      await write(history(0, 300, 1));
      await bring(id, history(300, 900, 2));
      await foldAll();
      const expected = brought.undo(id);
      const [compressed, undone] = await Promise.all([
        compressAll(opened.connect()).catch((error: unknown) => error),
        undo(id),
      ]);
      void compressed;
      expect(undone.removed).toBe(expected.removed);
      await expectRight();
    });
  });
});

/** Events of some users over half a year, each of its own number: the same of the same number and seed. */
function history(from: number, to: number, seed: number): AcceptedEvent[] {
  return events(from, to).map((one, i) => {
    const random = createRandom((from + i + 1) * 7_919 + seed);
    const user = Math.floor(random() * 40);
    const atMs = HISTORY.fromMs + Math.floor(random() * HISTORY.days * 96) * 900_000;
    return {
      ...one,
      user_id: `user-${user}`,
      event_type: TYPES[Math.floor(random() * TYPES.length)] ?? '',
      occurred_at: new Date(atMs + Math.floor(random() * 900_000)).toISOString(),
    };
  });
}

async function compressAll(db: Database): Promise<void> {
  await db.run(
    (sql) => sql`SELECT count(compress_chunk(c, if_not_compressed => true)) FROM show_chunks('events') AS c`,
  );
  const left = await db.run(
    (sql) => sql`
      SELECT FROM timescaledb_information.chunks WHERE hypertable_name = 'events' AND NOT is_compressed`,
  );
  expect(left).toHaveLength(0);
}

function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
