import type { AcceptedEvent } from '@event-analytics/event-schema';
import { portableUserSets as userSets } from '@event-analytics/user-sets';
import {
  buildStep,
  createFoldMemory,
  ensureIndexes,
  foldActivityLog,
  recount,
  makePartitionsAhead,
  requestReindex,
  sealStep,
  startIndexer,
  writeEvents,
  type Database,
  type FoldMemory,
  type IndexerOptions,
  type Recount,
  type Sql,
} from '../src/index.js';
import { foldSortedHistory } from '../src/indexer/fold-log.js';
import { dropRetiredStep } from '../src/indexer/drop-retired.js';
import { createRandom, event, events } from './event-makers.js';
import { openDatabase, storages, type OpenedDatabase } from './test-database.js';

const seed = Number(process.env.EA_TEST_SEED ?? Date.now() % 1_000_000);
const ZONES = ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia'];
const NOW_MS = Date.parse('2024-06-15T12:00:00Z');

describe.each(storages)(`the index on %s (seed ${seed})`, (storage) => {
  const random = createRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  let opened: OpenedDatabase;
  let db: Database;
  let memory: FoldMemory;
  let made = 0;

  beforeEach(async () => {
    opened = await openDatabase(storage);
    db = opened.db;
    memory = createFoldMemory(userSets, 1_000);
    made = 0;
  });
  afterEach(() => opened.close());

  function randomEvents(
    count: number,
    o: { fromMs?: number; days?: number; types?: number } = {},
  ): AcceptedEvent[] {
    const { fromMs = Date.parse('2024-03-01T00:00:00Z'), days = 100, types = 6 } = o;
    return Array.from({ length: count }, () =>
      event(made++, {
        user_id: `user-${made % 200}`,
        event_type: `type-${below(types)}`,
        occurred_at: new Date(fromMs + below(days * 86_400_000)).toISOString(),
      }),
    );
  }

  async function foldAll(entriesMax = 500): Promise<number> {
    let events = 0;
    for (const historical of [false, true]) {
      for (;;) {
        const fold = await foldActivityLog(db, memory, { historical, entriesMax });
        events += fold?.events ?? 0;
        if (!fold?.more && !fold?.entries) break;
      }
    }
    return events;
  }

  async function buildAll(bucketsMax = 500): Promise<void> {
    for (;;) {
      const step = await buildStep(db, memory, { bucketsMax });
      if (step === undefined) return;
      if (step.postponed) await foldAll();
    }
  }

  async function sealAll(): Promise<number> {
    let months = 0;
    for (;;) {
      const step = await sealStep(db, memory, NOW_MS);
      if (step === undefined) return months;
      if (step.sealed) months++;
    }
  }

  async function expectNoDifference(zones = ZONES): Promise<Recount> {
    const result = await recount(db, userSets);
    expect(result).toMatchObject({ differing: 0, differences: [], notReady: [] });
    expect([...result.zones].sort()).toEqual([...zones].sort());
    return result;
  }

  // Which columns come back is for the test that names them to know.
  const query = async <T extends Record<string, unknown>>(text: string): Promise<T[]> =>
    (await db.run((sql: Sql) => sql.unsafe(text))).map((row) => ({ ...row }) as T);

  it('says what the events say, in whatever order they came and however they were folded', async () => {
    await ensureIndexes(db, ZONES);
    let events = 0;
    for (let i = 0; i < 12; i++) {
      const batch = randomEvents(400, i % 3 === 0 ? { fromMs: Date.now() - 86_400_000, days: 1 } : {});
      events += (await writeEvents(db, [...batch, ...batch.slice(0, 50)])).inserted;
      if (i % 2 === 0)
        await foldActivityLog(db, memory, {
          historical: pick([true, false]),
          entriesMax: 1 + below(900),
          ...pick([{}, { sortAbove: 0 }]),
        });
      if (i % 4 === 0) await expectNoDifference();
    }
    await foldAll();
    expect((await expectNoDifference()).events).toBe(events);
    expect(await query('SELECT FROM activity_log')).toHaveLength(0);
  });

  it('takes about as much as it was asked to, also of one large write, and leaves the age of the rest', async () => {
    await ensureIndexes(db, ZONES);
    await writeEvents(db, randomEvents(400));
    const [written] = await query('SELECT logged_at FROM activity_log');
    const fold = await foldActivityLog(db, memory, { historical: true, entriesMax: 50 });
    expect(fold).toMatchObject({ entries: 50, more: true });
    expect(await query('SELECT logged_at FROM activity_log')).toEqual([written]);
    await expectNoDifference();
    expect(await foldAll()).toBe(400 - (fold?.events ?? 0));
    await expectNoDifference();
  });

  describe('history that is scattered', () => {
    const sortAll = { historical: true, entriesMax: 500, sortAbove: 0 };
    const logged = () =>
      query<{
        stretch: number | null;
        day: number | null;
        events: number;
        logged_at: string;
        days: number[];
      }>(`
        SELECT stretch, day, events, logged_at::text,
          json_agg(DISTINCT bucket / 96) AS days
        FROM activity_log, string_to_table(activity, E'\\n') AS line, CAST(split_part(line, E'\\t', 1) AS int) AS bucket
        GROUP BY id ORDER BY stretch, day, id`);
    const eventsOf = (rows: readonly { events: number }[]) =>
      rows.reduce((sum, { events }) => sum + events, 0);
    const stretchOf = (day: number) => Math.floor(day / 32);
    const sortStep = { entries: 0, events: 0, more: true, refused: [] };

    it('is sorted by stretches of days, each of these by days, and folded day by day', async () => {
      await ensureIndexes(db, ZONES);
      for (let i = 0; i < 6; i++) await writeEvents(db, randomEvents(400));
      const oldest = (await logged()).map((row) => row.logged_at).sort()[0];
      expect(await foldActivityLog(db, memory, sortAll)).toEqual({ ...sortStep, sorted: 2_400 });
      const stretches = await logged();
      expect(stretches.map(({ stretch }) => stretch)).toEqual([
        ...new Set(stretches.flatMap(({ days }) => days.map(stretchOf))),
      ]);
      expect(stretches.every(({ days, stretch }) => days.every((day) => stretchOf(day) === stretch))).toBe(
        true,
      );
      expect(eventsOf(stretches)).toBe(2_400);
      await expectNoDifference();

      // What comes of it from now on waits for the next round.
      await writeEvents(db, randomEvents(300));
      const [first] = stretches;
      const sort = await foldSortedHistory(db, memory, { workMax: 2_000 });
      expect(sort).toEqual({ ...sortStep, sorted: first?.events, work: 0 });
      expect(await foldActivityLog(db, memory, sortAll)).toEqual({ ...sortStep, sorted: 300 });
      const days = (await logged()).filter(({ day }) => day !== null);
      expect(eventsOf(days)).toBe(first?.events);
      expect(days.map((row) => row.days)).toEqual(days.map(({ day }) => [day]));
      expect(new Set(days.map(({ stretch }) => stretch))).toEqual(new Set([first?.stretch]));
      expect(new Set(days.map((row) => row.logged_at))).toEqual(new Set([oldest]));
      await expectNoDifference();

      const part = await foldSortedHistory(db, memory, { workMax: 1_000 });
      expect(part?.work).toBeGreaterThanOrEqual(1_000);
      expect(part?.work).toBeLessThan(1_500);
      const left = (await logged()).filter(({ day }) => day !== null);
      expect(left).toEqual(days.slice(days.length - left.length));
      expect(part?.events).toBe(eventsOf(days) - eventsOf(left));
      const rest = await foldSortedHistory(db, memory, { workMax: 1_000_000 });
      expect(rest?.events).toBe(eventsOf(left));
      await expectNoDifference();
      const next = await foldSortedHistory(db, memory, { workMax: 1_000_000 });
      expect(next?.sorted).toBeGreaterThan(0);
      expect((await logged()).find(({ day }) => day !== null)?.stretch).toBe(stretches[1]?.stretch);

      expect(Number(part?.events) + Number(rest?.events) + (await foldAll())).toBe(2_700);
      expect(await query('SELECT FROM activity_log')).toHaveLength(0);
      await expectNoDifference();
    });

    it('waits until there is enough of it, and as it is where it is dense or stands as arrays', async () => {
      await ensureIndexes(db, ['UTC']);
      await writeEvents(db, randomEvents(400));
      expect(await foldActivityLog(db, memory, { ...sortAll, sortAbove: 400 })).toMatchObject({
        entries: 400,
      });
      await writeEvents(db, randomEvents(400, { days: 5 }));
      expect(await foldActivityLog(db, memory, sortAll)).toMatchObject({ entries: 400, sorted: 0 });
      const [first, ...others] = randomEvents(200);
      await writeEvents(db, [{ ...first!, user_id: 'tab\tand\nline' }, ...others]);
      await writeEvents(db, randomEvents(300));
      expect(await foldActivityLog(db, memory, { ...sortAll, entriesMax: 100 })).toMatchObject({
        entries: 100,
      });
      // The rest of these arrays comes behind it.
      expect(await foldActivityLog(db, memory, { ...sortAll, entriesMax: 100 })).toMatchObject({
        sorted: 300,
      });
      expect(await foldAll()).toBe(400);
      await expectNoDifference(['UTC']);
    });

    it('is as it was, or is sorted, or is folded: interrupted at every statement in turn', async () => {
      await ensureIndexes(db, ZONES);
      const steps: ((db: Database) => Promise<unknown>)[] = [
        (db) => foldActivityLog(db, memory, sortAll),
        (db) => foldSortedHistory(db, memory, { workMax: 1_000 }),
        (db) => foldSortedHistory(db, memory, { workMax: 1_000 }),
      ];
      for (const step of steps) {
        for (let at = 1; ; at++) {
          await writeEvents(db, randomEvents(60, { days: 30 }));
          for (const before of steps.slice(0, steps.indexOf(step))) await before(db);
          const outcome = await step(failingAt(db, at)).catch((error: unknown) => error);
          await expectNoDifference();
          if (!(outcome instanceof Error)) break;
          expect(String(outcome)).toContain('injected');
          expect(at).toBeLessThan(40);
        }
      }
      await foldAll();
      await expectNoDifference();
    });
  });

  it('folds what stands in the log as arrays: names with control characters, and rows of before', async () => {
    await ensureIndexes(db, ZONES);
    const sent = randomEvents(300, { days: 5 });
    await writeEvents(db, [...sent.slice(0, 99), { ...sent[99]!, user_id: 'tab\tand\nline' }]);
    await writeEvents(db, sent.slice(100));
    expect(await query('SELECT FROM activity_log WHERE activity IS NULL')).toHaveLength(1);
    expect(await query('SELECT FROM activity_log')).toHaveLength(2);
    await expectNoDifference();
    expect(await foldAll(70)).toBe(300);
    await expectNoDifference();
  });

  it('looks each statement of a fold up anew, and not by a plan that was made while there was nothing', async () => {
    const one = opened.connect({ maxConnections: 1 });
    await ensureIndexes(one, ['UTC']);
    for (let i = 0; i < 8; i++) {
      await writeEvents(db, randomEvents(20, { days: 1 }));
      await foldActivityLog(one, createFoldMemory(userSets, 1_000), { historical: true, entriesMax: 1_000 });
    }
    const plans = await one.run(
      (sql) => sql<{ custom: string; generic: string }[]>`
        SELECT sum(custom_plans) AS custom, sum(generic_plans) AS generic FROM pg_prepared_statements
        WHERE cardinality(parameter_types) > 0`,
    );
    expect(Number(plans[0]?.custom)).toBeGreaterThan(8 * 3);
    expect(plans[0]?.generic).toBe('0');
    await expectNoDifference(['UTC']);
  });

  it('gives users numbers without gaps, whatever is rolled back', async () => {
    await ensureIndexes(db, ['UTC']);
    await writeEvents(db, randomEvents(500));
    for (let at = 1; at < 12; at++)
      await expect(
        foldActivityLog(failingAt(db, at), memory, { historical: true, entriesMax: 200 }),
      ).rejects.toThrow('injected');
    await foldAll();
    await writeEvents(db, randomEvents(500));
    await foldAll();
    const [numbers] = await query<{ users: string; distinct: string; highest: number; next: number }>(
      'SELECT count(*) AS users, count(DISTINCT number) AS distinct, max(number) AS highest, (SELECT next_user FROM activity_state) AS next FROM users',
    );
    expect(numbers).toEqual({ users: '200', distinct: '200', highest: 199, next: 200 });
    await expectNoDifference(['UTC']);
  });

  it('is all or nothing: interrupted at every statement of a fold in turn', async () => {
    await ensureIndexes(db, ZONES);
    for (let at = 1; ; at++) {
      await writeEvents(db, randomEvents(60, { days: 3 }));
      const outcome = await foldActivityLog(failingAt(db, at), memory, {
        historical: true,
        entriesMax: 1_000,
      }).catch((error: unknown) => error);
      await expectNoDifference();
      await foldAll();
      await expectNoDifference();
      if (!(outcome instanceof Error)) break;
      expect(String(outcome)).toContain('injected');
      expect(at).toBeLessThan(40);
    }
  });

  it('is folded by any number of indexers at once, each entry once', async () => {
    await ensureIndexes(db, ZONES);
    const writing = (async () => {
      for (let i = 0; i < 30; i++) await writeEvents(db, randomEvents(100));
    })();
    const indexer = async () => {
      const own = createFoldMemory(userSets, 50);
      let folded = 0;
      for (let idle = 0; idle < 20;) {
        const fold = await foldActivityLog(db, own, { historical: true, entriesMax: 150 });
        folded += fold?.events ?? 0;
        if (fold !== undefined && fold.entries > 0) idle = 0;
        else {
          idle++;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
      return folded;
    };
    const folded = await Promise.all([indexer(), indexer(), indexer()]);
    await writing;
    expect(folded.reduce((a, b) => a + b, 0) + (await foldAll())).toBe(3_000);
    await expectNoDifference();
  });

  it('a zone that is added is built from events while others are written and folded', async () => {
    await ensureIndexes(db, ['UTC']);
    await writeEvents(db, randomEvents(2_000));
    await foldAll();
    await writeEvents(db, randomEvents(300));
    expect(await ensureIndexes(db, ZONES)).toEqual({ indexed: ZONES, notIndexable: [] });
    expect((await recount(db, userSets)).notReady.sort()).toEqual(
      ZONES.filter((zone) => zone !== 'UTC').sort(),
    );
    for (let i = 0; ; i++) {
      await writeEvents(db, randomEvents(40));
      if (i % 2 === 0) await foldActivityLog(db, memory, { historical: true, entriesMax: 1 + below(200) });
      if ((await buildStep(db, memory, { bucketsMax: 200 + below(800) })) === undefined) break;
    }
    await expectNoDifference();
    await foldAll();
    await expectNoDifference();
  });

  it('a database with events and no index gets one, counts included, also with its log never folded', async () => {
    await writeEvents(db, randomEvents(1_000));
    await ensureIndexes(db, ZONES);
    for (let i = 0; ; i++) {
      // Among the stretches that are built and those that are not.
      await writeEvents(db, randomEvents(50));
      if (i % 3 === 2) await foldActivityLog(db, memory, { historical: true, entriesMax: 100 });
      if ((await buildStep(db, memory, { bucketsMax: 1_500 })) === undefined) break;
      expect((await recount(db, userSets)).differing).toBe(0);
    }
    await expectNoDifference();
    await foldAll();
    await expectNoDifference();
  });

  it('a quarter of an hour is of what is built or of what is to be, never of both or neither', async () => {
    const quarters = Array.from({ length: 12 }, (_, n) => Date.parse('2024-03-01T00:00:00Z') + n * 900_000);
    // One event at the beginning of each and one at its end.
    const everyQuarter = (user_id: string) =>
      quarters
        .flatMap((ms) => [ms, ms + 899_999])
        .map((ms) => event(made++, { user_id, occurred_at: new Date(ms).toISOString() }));
    await writeEvents(db, everyQuarter('first'));
    await ensureIndexes(db, ['UTC', 'Asia/Kathmandu']);
    let builtBefore = (await buildStep(db, memory, { bucketsMax: 1 }))?.range.to ?? 0;
    for (const quarter of quarters.map((ms) => ms / 900_000)) {
      // Up to the first at one go, wherever the partition of its month begins; then each by itself.
      if (builtBefore <= quarter)
        builtBefore = (await buildStep(db, memory, { bucketsMax: quarter + 1 - builtBefore }))?.range.to ?? 0;
      expect(builtBefore).toBe(quarter + 1);
      await writeEvents(db, everyQuarter(`after ${quarter}`));
      await foldAll();
    }
    await buildAll(10_000);
    await foldAll();
    await expectNoDifference(['UTC', 'Asia/Kathmandu']);
  });

  it('building goes on where it was interrupted, at every statement in turn', async () => {
    await writeEvents(db, randomEvents(200, { days: 40 }));
    await ensureIndexes(db, ['UTC', 'Asia/Kathmandu']);
    for (let at = 1; ; at++) {
      const outcome = await buildStep(failingAt(db, at), memory, { bucketsMax: 96 }).catch(
        (error: unknown) => error,
      );
      if (outcome instanceof Error) expect(String(outcome)).toContain('injected');
      else break;
    }
    await buildAll();
    await foldAll();
    await expectNoDifference(['UTC', 'Asia/Kathmandu']);
  });

  it('a reindex is built beside the one that answers, mends what is wrong and takes its place', async () => {
    await ensureIndexes(db, ZONES);
    await writeEvents(db, randomEvents(1_000));
    await foldAll();
    await query(`DELETE FROM activity_users WHERE ctid IN (SELECT ctid FROM activity_users LIMIT 7)`);
    await query(
      `UPDATE activity_counts SET total = total + 1 WHERE ctid IN (SELECT ctid FROM activity_counts LIMIT 3)`,
    );
    const broken = await recount(db, userSets);
    expect(broken.differing).toBeGreaterThanOrEqual(8);
    expect(broken.differences).toHaveLength(broken.differing);

    await requestReindex(db);
    expect((await recount(db, userSets)).differing).toBe(broken.differing);
    await writeEvents(db, randomEvents(100));
    await buildAll();
    await foldAll();
    await expectNoDifference();
    expect(await query(`SELECT DISTINCT zone FROM activity_indexes WHERE state = 'retired'`)).toHaveLength(5);
  });

  it('clears away the one that was replaced, and knows how much lies dead by that', async () => {
    await writeEvents(db, randomEvents(1_000));
    await ensureIndexes(db, ['UTC']);
    await buildAll(10_000);
    await requestReindex(db);
    await buildAll(10_000);
    const [replaced] = await query<{ bytes: number }>(
      `SELECT sum(octet_length(users))::int4 AS bytes FROM activity_users
       WHERE index_id IN (SELECT id FROM activity_indexes WHERE state = 'retired')`,
    );
    memory.deadBytes = 0;
    while ((await dropRetiredStep(db, memory)) !== undefined);
    expect(replaced?.bytes).toBeGreaterThan(1_000);
    expect(memory.deadBytes).toBe(replaced?.bytes);
    await expectNoDifference(['UTC']);
  });

  it.each(['no partitions', 'partitions ahead'])(
    'built anew without any events, with %s, it is sealed as far as a new one',
    async (partitions) => {
      if (partitions === 'partitions ahead') await makePartitionsAhead(db, { nowMs: Date.now() });
      await ensureIndexes(db, ['UTC']);
      const sealed = `SELECT sealed_before FROM activity_indexes WHERE zone = 'UTC' AND state = 'ready'`;
      const before = await query(sealed);
      await requestReindex(db);
      await buildAll(100_000);
      expect(await query(sealed)).toEqual(before);
      expect(await query(`SELECT FROM activity_indexes WHERE state = 'retired'`)).toHaveLength(2);
    },
  );

  it('a stretch of more than a day is of no more events than it may be, however thin those before it were', async () => {
    await writeEvents(db, [event(made++, { occurred_at: '1990-02-03T10:00:00.000Z' })]);
    await writeEvents(db, randomEvents(400, { days: 3 }));
    await ensureIndexes(db, ['UTC']);
    await foldAll();
    for (;;) {
      const step = await buildStep(db, memory, { bucketsMax: 96 * 400, eventsMax: 50 });
      if (step === undefined) break;
      if (step.range.to - step.range.from > 96) expect(step.entries).toBeLessThanOrEqual(50);
    }
    expect(await expectNoDifference(['UTC'])).toMatchObject({ events: 401 });
  });

  it('what is remembered is forgotten where the database was restored, though others have folded since', async () => {
    await ensureIndexes(db, ['UTC']);
    const recent = { occurred_at: new Date().toISOString() };
    await writeEvents(db, events(0, 20, recent));
    await foldAll();
    // A backup of before that.
    await query(`
      TRUNCATE events, users, event_types, activity_log, activity_users, activity_counts;
      CREATE TABLE restored (LIKE activity_state INCLUDING ALL);
      INSERT INTO restored DEFAULT VALUES;
      DROP TABLE activity_state;
      ALTER TABLE restored RENAME TO activity_state`);
    const other = createFoldMemory(userSets, 1_000);
    for (let n = 100; n < 103; n++) {
      await writeEvents(db, [event(n, recent)]);
      await foldActivityLog(db, other, { historical: false, entriesMax: 10 });
    }
    await writeEvents(db, events(10, 30, recent));
    await foldAll();
    await expectNoDifference(['UTC']);
  });

  it('recount names what differs', async () => {
    await ensureIndexes(db, ['UTC']);
    await writeEvents(db, events(0, 3, { occurred_at: '2024-03-04T10:00:00.000Z', user_id: 'a' }));
    await writeEvents(db, events(3, 5, { occurred_at: '2024-03-04T11:00:00.000Z', event_type: 'buy' }));
    await foldAll();
    await query(
      `DELETE FROM activity_users WHERE unit = 'd' AND type = (SELECT number FROM event_types WHERE event_type = 'buy')`,
    );
    await query(
      `DELETE FROM activity_counts WHERE type = (SELECT number FROM event_types WHERE event_type = 'page_view')`,
    );
    const { differences } = await recount(db, userSets);
    expect(differences).toEqual(
      expect.arrayContaining([
        {
          zone: '',
          statistic: 'events of a day',
          date: '2024-03-04',
          eventType: 'page_view',
          index: 0,
          events: 3,
        },
        {
          zone: 'UTC',
          statistic: 'users of a day',
          date: '2024-03-04',
          eventType: 'buy',
          index: 0,
          events: 2,
        },
      ]),
    );
    // The month of these types was kept as well, and is now more than its days.
    expect(differences.filter(({ statistic }) => statistic === 'users of a month')).toHaveLength(1);
    expect(differences).toHaveLength(3);
  });

  it('a zone is given up, and only it, when events come from where its days cannot be told', async () => {
    const zones = ['UTC', 'Africa/Monrovia'];
    expect((await ensureIndexes(db, [...zones, 'America/St_Johns'])).notIndexable).toEqual([
      'America/St_Johns',
    ]);
    await writeEvents(db, randomEvents(50));
    await foldAll();
    await expectNoDifference(zones);
    const [lost] = await query<{ bytes: number }>(
      `SELECT sum(octet_length(users))::int4 AS bytes FROM activity_users
       JOIN activity_indexes ON id = index_id WHERE zone = 'Africa/Monrovia'`,
    );
    memory.deadBytes = 0;
    await writeEvents(db, [event(made++, { occurred_at: '1971-06-01T12:00:00.000Z' })]);
    const fold = await foldActivityLog(db, memory, { historical: true, entriesMax: 10 });
    expect(fold?.refused).toEqual(['Africa/Monrovia']);
    expect(memory.deadBytes).toBeGreaterThanOrEqual(lost?.bytes ?? Infinity);
    await expectNoDifference(['UTC']);
    expect(await ensureIndexes(db, zones)).toEqual({ indexed: ['UTC'], notIndexable: ['Africa/Monrovia'] });
  });

  it('months that are over are sealed, and late events go into both', async () => {
    await writeEvents(db, randomEvents(3_000, { fromMs: Date.parse('2024-03-02T00:00:00Z') }));
    await ensureIndexes(db, ZONES);
    await foldAll();
    await buildAll(3_000);
    const rows = (await query(`SELECT FROM activity_users WHERE unit = 'd'`)).length;
    const before = (await query(`SELECT FROM activity_users WHERE unit = 'm'`)).length;
    expect(before).toBe(0);
    // March, April and May of four zones.
    expect(await sealAll()).toBe(12);
    expect((await query(`SELECT FROM activity_users WHERE unit = 'm'`)).length).toBeGreaterThan(0);
    expect((await query(`SELECT FROM activity_users WHERE unit = 'd'`)).length).toBeLessThanOrEqual(rows);
    await expectNoDifference();
    await writeEvents(db, [
      ...randomEvents(500),
      ...events(100_000, 100_200, {
        user_id: 'late',
        event_type: 'new',
        occurred_at: '2024-04-01T03:00:00.000Z',
      }),
    ]);
    await foldAll();
    await expectNoDifference();
  });

  it('events that come between the steps of sealing a month are in its rows', async () => {
    await ensureIndexes(db, ['UTC']);
    await query('UPDATE activity_indexes SET sealed_before = -2147483648');
    await writeEvents(db, randomEvents(500, { types: 5 }));
    await foldAll();
    await query(`UPDATE activity_indexes SET sealed_before = ${(2024 - 1970) * 12 + 2} WHERE zone = 'UTC'`);
    for (let months = 0; months < 3;) {
      const step = await sealStep(db, memory, NOW_MS, { typesMax: 2 });
      if (step?.sealed) months++;
      await writeEvents(db, randomEvents(40, { types: 8 }));
      await foldAll();
    }
    await expectNoDifference(['UTC']);
  });

  it('keeps few rows for a key, however often it is folded', async () => {
    await ensureIndexes(db, ['UTC']);
    for (let i = 0; i < 200; i++) {
      await writeEvents(db, events(i * 20, i * 20 + 20, { occurred_at: '2024-03-04T10:00:00.000Z' }));
      await foldAll();
    }
    const [most] = await query<{ rows: string }>(
      'SELECT max(n) AS rows FROM (SELECT count(*) AS n FROM activity_users GROUP BY index_id, unit, type, slot) AS keys',
    );
    expect(Number(most?.rows)).toBeLessThanOrEqual(8);
    await expectNoDifference(['UTC']);
  });

  it('writes nothing for users that it knows to be there', async () => {
    await ensureIndexes(db, ['UTC']);
    const recent = { user_id: 'same', occurred_at: new Date().toISOString() };
    await writeEvents(db, events(0, 50, recent));
    await foldAll();
    const rows = await query(`SELECT * FROM activity_users ORDER BY unit, type, slot`);
    await writeEvents(db, events(50, 100, recent));
    await foldAll();
    expect(await query(`SELECT * FROM activity_users ORDER BY unit, type, slot`)).toEqual(rows);
    await expectNoDifference(['UTC']);
  });
});

describe.each(storages)('the indexer on %s', (storage) => {
  let opened: OpenedDatabase;
  let db: Database;
  beforeEach(async () => {
    opened = await openDatabase(storage);
    db = opened.db;
  });
  afterEach(() => opened.close());

  function start(other: Partial<IndexerOptions> = {}) {
    return startIndexer({
      db,
      userSets,
      zones: ['UTC'],
      usersRemembered: 1_000,
      log: { info: () => undefined, warn: () => undefined },
      clock: () => NOW_MS,
      ...other,
    });
  }

  it('folds less at once of what is recent where so much of it failed', async () => {
    await ensureIndexes(db, ['UTC']);
    const occurred_at = new Date().toISOString();
    for (let n = 0; n < 20_000; n += 5_000) await writeEvents(db, events(n, n + 5_000, { occurred_at }));
    let failures = 0;
    const folds: number[] = [];
    const indexer = start({
      db: failingAtLog(db, () => failures < 3),
      onFailure: () => failures++,
      onFold: ({ entries }) => folds.push(entries),
    });
    try {
      await until(() => folds.reduce((a, b) => a + b, 0) === 20_000);
    } finally {
      await indexer.stop();
    }
    // 50,000, 25,000 and 12,500 failed.
    expect(folds[0]).toBe(6_250);
    expect(folds[1]).toBeGreaterThan(6_250);
    expect(await recount(db, userSets)).toMatchObject({ differing: 0, events: 20_000 });
  });

  it('puts a backlog of scattered history in order, while what comes is folded, and folds all of it', async () => {
    await ensureIndexes(db, ['UTC']);
    const longAgo = (n: number) => new Date(NOW_MS - (n % 1_000) * 86_400_000).toISOString();
    for (let n = 0; n < 20_000; n += 5_000) {
      const batch = events(n, n + 5_000, {}).map((event, i) => ({ ...event, occurred_at: longAgo(7 * i) }));
      await writeEvents(db, batch);
    }
    const sorted: boolean[] = [];
    let folded = 0;
    const indexer = start({ onFold: ({ events }) => (folded += events) });
    try {
      await until(() => {
        if (indexer.status().outlook?.history.sorted) sorted.push(true);
        return folded === 20_000;
      });
      await until(() => indexer.status().outlook?.historicalSeconds === undefined);
    } finally {
      await indexer.stop();
    }
    expect(sorted).not.toEqual([]);
    expect(await recount(db, userSets)).toMatchObject({ differing: 0, events: 20_000 });
  });

  it('says what waits as long as it knows', async () => {
    let away = true;
    let failures = 0;
    const indexer = start({
      db: {
        ...db,
        run: (work, options) => (away ? Promise.reject(new Error('away')) : db.run(work, options)),
      },
      onFailure: () => failures++,
    });
    try {
      await until(() => failures > 0);
      expect(indexer.status().outlook).toBeUndefined();
      away = false;
      await until(() => indexer.status().outlook !== undefined);
      expect(indexer.status().outlook).toEqual({
        building: false,
        retired: false,
        history: { logged: false, sorted: false },
      });
      away = true;
      await until(() => indexer.status().outlook === undefined);
    } finally {
      await indexer.stop();
    }
  });

  it('says no more how far an index is that is ready', async () => {
    await writeEvents(db, events(0, 100));
    const building: string[][] = [];
    const ready: unknown[] = [];
    const indexer = start({
      log: {
        info(name, { zone }) {
          if (name !== 'index_ready') return;
          ready.push(zone);
          building.push([...indexer.status().building.keys()]);
        },
        warn: () => undefined,
      },
    });
    try {
      await until(() => ready.length === 2);
    } finally {
      await indexer.stop();
    }
    expect(ready.sort()).toEqual(['UTC', 'counts']);
    expect(building).toEqual([[], []]);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The same database, on which nothing can be taken from the log while this holds. */
function failingAtLog(db: Database, holds: () => boolean): Database {
  return failingWhere(db, () => (statement) => statement.includes('DELETE FROM activity_log') && holds());
}

/** The same database, on which the n-th statement of a transaction fails. */
function failingAt(db: Database, n: number): Database {
  return failingWhere(db, () => {
    let left = n;
    return () => --left === 0;
  });
}

/** @param at made for each transaction: whether a statement of it is to fail */
function failingWhere(db: Database, at: () => (statement: string) => boolean): Database {
  return {
    ...db,
    transaction: (work, options) =>
      db.transaction((sql) => {
        const fails = at();
        const failing = ((template: TemplateStringsArray, ...parameters: never[]) => {
          // What is put into another statement is none of its own.
          if (/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)/.test(template[0] ?? '') && fails(template.join('?')))
            throw new Error('injected');
          return sql(template, ...parameters);
        }) as Sql;
        failing.unsafe = (text) => sql.unsafe(text);
        failing.prepared = (text, parameters) => sql.prepared(text, parameters);
        return work(failing);
      }, options),
  };
}
