import { portableUserSets as userSets } from '@event-analytics/user-sets';
import {
  dropExpiredEvents,
  ensureIndexes,
  keepColumnstorePolicy,
  recount,
  requestReindex,
  writeEvents,
  type Database,
  type Difference,
} from '../src/index.js';
import { events } from './event-makers.js';
import { openIndexedDatabase, type IndexedDatabase } from './indexed-database.js';
import { beforeFirst, openDatabase, storages, untilSomebodyWaits } from './test-database.js';

const ZONES = ['UTC', 'America/New_York'];
/** Each in a partition of its own, on either storage. */
const DAYS = ['2024-01-10', '2024-03-10', '2024-05-10'] as const;

describe.each(storages)('recount on %s', (storage) => {
  let at: IndexedDatabase;
  let db: Database;
  let made = 0;
  beforeEach(async () => {
    at = await openIndexedDatabase(storage, userSets, ZONES);
    db = at.db;
    made = 0;
  });
  afterEach(() => at.close());

  /** Of so many users, at noon in UTC. */
  const eventsOf = (day: string, count = 3) =>
    events(made, (made += count), { occurred_at: `${day}T12:00:00.000Z` });
  const change = (text: string) => db.run((sql) => sql.unsafe(text));

  /** As an operator might, behind the service's back. */
  async function dropPartition(which: 'first' | 'last'): Promise<void> {
    const [found] = await db.run(
      (sql) => sql<{ partition: string }[]>`
        SELECT (array_agg(partition ORDER BY ends))[CASE WHEN ${which === 'first'} THEN 1 ELSE count(*) END] AS partition
        FROM events_expired('infinity')`,
    );
    await change(`DROP TABLE ${found?.partition}`);
  }

  describe('finds what the index says where no partition is', () => {
    /** One count of events, and the users of two zones, by type and in all. */
    const differencesOf = (date: string): Difference[] => [
      { zone: '', statistic: 'events of a day', date, eventType: 'page_view', index: 3, events: 0 },
      ...ZONES.flatMap((zone) =>
        [undefined, 'page_view'].map((eventType): Difference => ({
          zone,
          statistic: 'users of a day',
          date,
          eventType,
          index: 3,
          events: 0,
        })),
      ),
    ];
    const expectDifferencesOf = async (...dates: string[]) => {
      const { differences } = await recount(db, userSets);
      const expected = dates.flatMap(differencesOf);
      expect(differences).toHaveLength(expected.length);
      expect(differences).toEqual(expect.arrayContaining(expected));
    };

    it('that was dropped by hand, at either end, or all of them', async () => {
      for (const day of DAYS) await at.store(eventsOf(day));
      await expectDifferencesOf();
      await dropPartition('first');
      await expectDifferencesOf(DAYS[0]);
      await dropPartition('last');
      await expectDifferencesOf(DAYS[0], DAYS[2]);
      await dropPartition('last');
      await expectDifferencesOf(...DAYS);
    });

    it('and that is yet to be folded', async () => {
      await at.store(eventsOf(DAYS[0]));
      await writeEvents(db, eventsOf(DAYS[1]));
      await expectDifferencesOf();
      await dropPartition('last');
      await expectDifferencesOf(DAYS[1]);
    });

    it('but not what was dropped behind the watermark', async () => {
      for (const day of DAYS) await at.store(eventsOf(day));
      const nowMs = Date.parse('2024-05-20T00:00:00Z');
      expect((await dropExpiredEvents(db, { retainRawDays: 30, zones: ZONES, nowMs })).dropped).toBe(2);
      await expectDifferencesOf();
      await dropPartition('last');
      await expectDifferencesOf(DAYS[2]);
    });
  });

  it('finds months that have no days, and months that are not sealed', async () => {
    for (const day of DAYS) await at.store(eventsOf(day));
    const month = (date: string) => (Number(date.slice(0, 4)) - 1970) * 12 + Number(date.slice(5, 7)) - 1;
    const stray = ['2019-07', '2040-02'];
    for (const date of stray) {
      await change(`
        INSERT INTO activity_users (seq, type, slot, index_id, unit, users)
        SELECT seq, type, ${month(date)}, index_id, unit, users FROM activity_users
        WHERE unit = 'm' AND type = 0 AND slot = ${month(DAYS[1])}`);
    }
    const { differences } = await recount(db, userSets);
    expect(differences).toEqual(
      ZONES.flatMap((zone) =>
        stray.map((date) => ({
          zone,
          statistic: 'users of a month',
          date,
          eventType: undefined,
          index: 3,
          events: 0,
        })),
      ),
    );
  });

  it('compares a zone whose days cannot be told where its first partition begins', async () => {
    await ensureIndexes(db, ['Africa/Monrovia']);
    await at.store(eventsOf('1972-01-20'));
    await change('DELETE FROM activity_users');
    const { differences, refused } = await recount(db, userSets);
    expect(refused).toEqual([]);
    expect(differences.filter(({ zone }) => zone === 'Africa/Monrovia')).toHaveLength(2);
  });

  it('counts an event once, however many zones there are and whatever they leave out', async () => {
    const nowMs = Date.parse('2024-05-20T00:00:00Z');
    for (const day of DAYS) await at.store(eventsOf(day));
    const { retainedFrom } = await dropExpiredEvents(db, { retainRawDays: 30, zones: ZONES, nowMs });
    // In New York it is still the day before, whose beginning is gone.
    await at.store(events(100, 105, { occurred_at: `${retainedFrom?.slice(0, 10)}T01:00:00.000Z` }));
    expect(await recount(db, userSets)).toMatchObject({ differing: 0, events: 8, zones: ZONES });
  });

  it('stops when it is told to, and says what it has compared until then', async () => {
    for (const day of DAYS) await at.store(eventsOf(day));
    await change('DELETE FROM activity_counts');
    const controller = new AbortController();
    const stopped = await recount(db, userSets, {
      signal: controller.signal,
      // The counts come first.
      onProgress: (share) => share > 1 / 3 && controller.abort(),
    });
    expect(stopped).toMatchObject({ interrupted: true, zones: [] });
    expect(stopped.differing).toBeGreaterThan(0);
    const whole = await recount(db, userSets, { signal: new AbortController().signal });
    expect(whole).toMatchObject({ interrupted: false, zones: ZONES });
    expect(whole.compared).toBeGreaterThan(stopped.compared);
  });

  describe('names what it could not compare', () => {
    it('where a first index is being built, or a zone was refused', async () => {
      await ensureIndexes(db, ['Africa/Monrovia']);
      await at.store(eventsOf(DAYS[0]));
      await at.store(eventsOf('1971-06-01'));
      await ensureIndexes(db, ['Asia/Kathmandu']);
      expect(await recount(db, userSets)).toMatchObject({
        differing: 0,
        zones: ZONES,
        notReady: ['Asia/Kathmandu'],
        refused: ['Africa/Monrovia'],
      });
      await at.build();
      // What is built anew beside one that answers is not missing.
      await requestReindex(db, ['UTC']);
      expect(await recount(db, userSets)).toMatchObject({
        zones: [...ZONES, 'Asia/Kathmandu'],
        notReady: [],
        refused: ['Africa/Monrovia'],
      });
    });

    it('where there is no index at all', async () => {
      const empty = await openDatabase(storage);
      try {
        const nothing = { compared: 0, events: 0, zones: [], notReady: [''], refused: [] };
        await writeEvents(empty.db, eventsOf(DAYS[0]));
        expect(await recount(empty.db, userSets)).toMatchObject(nothing);
        await ensureIndexes(empty.db, ZONES);
        expect(await recount(empty.db, userSets)).toMatchObject({ ...nothing, notReady: ['', ...ZONES] });
      } finally {
        await empty.close();
      }
    });
  });

  (storage === 'timescaledb' ? it : it.skip)(
    'sees what was there, whatever is compressed meanwhile',
    async () => {
      await keepColumnstorePolicy(db, { compressAfterDays: 30 });
      for (const day of DAYS) await at.store(eventsOf(day));
      const other = at.connect();
      const compress = async (nth: number) =>
        await other.run(
          (sql) =>
            sql`SELECT compress_chunk((SELECT c FROM show_chunks('events') AS c ORDER BY c OFFSET ${nth} LIMIT 1))`,
        );
      await compress(0);
      await at.store(eventsOf(DAYS[0]));
      let compressed: Promise<unknown> | undefined;
      const watched = beforeFirst(
        db,
        (statement) => statement.includes('FROM events\n'),
        async () => {
          await writeEvents(other, eventsOf(DAYS[1]));
          // One that was compressed before may put it off.
          compressed = Promise.allSettled([compress(0), compress(1)]);
          await Promise.race([compressed, untilSomebodyWaits(at.connect())]);
          // Who only reads does not wait for who compresses.
          await other.run((sql) => sql`SELECT count(*) FROM events`);
        },
      );
      expect(await recount(watched, userSets)).toMatchObject({ differing: 0, events: 12 });
      await compressed;
      expect(await recount(db, userSets)).toMatchObject({ differing: 0, events: 15 });
    },
  );
});
