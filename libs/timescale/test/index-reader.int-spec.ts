import type { AcceptedEvent } from '@event-analytics/event-schema';
import { loadUserSets, type UserSets } from '@event-analytics/user-sets';
import {
  createFoldMemory,
  foldActivityLog,
  isDatabaseAway,
  requestReindex,
  StatementTimeoutError,
  writeEvents,
  type RetentionQuery,
  type Statistics,
} from '../src/index.js';
import { countUsers } from '../src/index-reader/active-users.js';
import { createActivityReader, type ActivityReaderOptions } from '../src/index-reader/activity-reader.js';
import { pieceOf } from '../src/index-reader/question.js';
import { readStatistics } from '../src/read-statistics.js';
import { event } from './event-makers.js';
import { openIndexedDatabase, type IndexedDatabase } from './indexed-database.js';
import { storages } from './test-database.js';

const MARCH = { zone: 'UTC', from: '2024-03-01', to: '2024-03-31' };
const MARCH_DAYS = { eventType: undefined, first: 19_783, last: 19_813 };
const RETENTION: RetentionQuery = {
  zone: 'UTC',
  startDate: '2024-03-04',
  windowType: 'daily',
  windows: 3,
  cohorts: 3,
  mode: 'classic',
};

describe.each(storages)('reading the index on %s', (storage) => {
  let userSets: UserSets;
  let index: IndexedDatabase;
  let made = 0;
  beforeAll(async () => {
    userSets = await loadUserSets();
  });
  beforeEach(async () => {
    index = await openIndexedDatabase(storage, userSets);
    made = 0;
  });
  afterEach(() => index.close());

  /** Each of a user of its own, unless it says whose. */
  const on = (date: string, fields: Partial<AcceptedEvent> = {}): AcceptedEvent =>
    event(made++, { occurred_at: `${date}T12:00:00.000Z`, ...fields });
  const several = (count: number, date: string, fields: Partial<AcceptedEvent> = {}): AcceptedEvent[] =>
    Array.from({ length: count }, () => on(date, fields));
  const usersOfMarch = async (statistics: Statistics, eventType?: string) => {
    const { value, source, version } = await statistics.periodActiveUsers({
      ...MARCH,
      period: 'month',
      eventType,
    });
    return { users: value[0]?.activeUsers, source, version };
  };
  const reader = (options: Partial<ActivityReaderOptions>) =>
    createActivityReader({
      db: index.db,
      userSets,
      cacheBytesMax: 1_000_000,
      statementTimeoutMs: 10_000,
      ...options,
    });

  it('reads what is asked for once, and then what is new', async () => {
    await index.store(several(5, '2024-03-04'));
    const statistics = index.statistics();
    const first = await usersOfMarch(statistics);
    expect(first).toMatchObject({ users: 5, source: 'index' });
    expect(statistics.figures()).toMatchObject({ loads: 1, hits: 0, cachedRanges: 1 });
    await index.store([on('2024-03-05'), on('2024-04-05')]);
    const second = await usersOfMarch(statistics);
    expect(second.users).toBe(6);
    expect(statistics.figures()).toMatchObject({ loads: 1, hits: 1, cachedRanges: 1 });
    expect(second.version).not.toBe(first.version);
    // Rows were merged by then, and days outside of the range are not of the question.
    for (let n = 0; n < 20; n++) await index.store([on('2024-03-06'), on('2024-04-06')]);
    expect((await usersOfMarch(statistics)).users).toBe(26);
    await index.store([on('2024-04-07')]);
    const third = await usersOfMarch(statistics);
    expect(third.version).toBe((await usersOfMarch(index.statistics())).version);
    expect(statistics.figures().loads).toBe(1);
  });

  it('keeps the version as long as nothing of the question changes, and no longer', async () => {
    await index.store([on('2024-03-04', { user_id: 'a', event_type: 'view' })]);
    const statistics = index.statistics();
    const versions = async () => {
      const top = { ...MARCH, limit: 10 };
      return {
        dau: (await usersOfMarch(statistics)).version,
        buys: (await usersOfMarch(statistics, 'buy')).version,
        top: (await statistics.topEvents(top)).version,
        retention: (await statistics.retention(RETENTION)).version,
        counts: (await statistics.eventCounts({ ...top, interval: 'day' })).version,
        funnel: (await statistics.funnel({ ...MARCH, steps: ['view', 'buy'] })).version,
        stickiness: (await statistics.stickiness(MARCH)).version,
      };
    };
    const first = await versions();
    for (const version of Object.values(first)) expect(version).toEqual(expect.any(String));
    expect(await versions()).toEqual(first);
    await index.store([on('2024-05-04', { user_id: 'a', event_type: 'view' })]);
    expect(await versions()).toEqual(first);
    // The same user on the same day: an event more, and no user.
    await index.store([on('2024-03-04', { user_id: 'a', event_type: 'view' })]);
    const second = await versions();
    expect(second).toMatchObject({ dau: first.dau, buys: first.buys, retention: first.retention });
    expect(second.top).not.toBe(first.top);
    expect(second.counts).not.toBe(first.counts);
    // A late one changes who was new when.
    await index.store([on('2020-01-01', { user_id: 'a', event_type: 'view' })]);
    const third = await versions();
    expect(third).toEqual({ ...second, retention: third.retention });
    expect(third.retention).not.toBe(second.retention);
    await index.store([on('2024-03-09', { user_id: 'b', event_type: 'buy' })]);
    const last = await versions();
    for (const [name, version] of Object.entries(last)) {
      expect([name, version]).not.toEqual([name, third[name as keyof typeof third]]);
    }
  });

  it('answers that nobody did what nobody has done, until somebody does', async () => {
    const statistics = index.statistics();
    expect(await usersOfMarch(statistics, 'buy')).toMatchObject({ users: 0, source: 'index' });
    await index.store([on('2024-03-04', { event_type: 'buy' })]);
    expect(await usersOfMarch(statistics, 'buy')).toMatchObject({ users: 1 });
    expect(await usersOfMarch(statistics, 'Buy')).toMatchObject({ users: 0 });
  });

  it('forgets everything when users or counts may have become fewer', async () => {
    await index.store([...several(3, '2024-03-04'), on('2024-03-05')]);
    const statistics = index.statistics();
    const before = await usersOfMarch(statistics);
    expect(before.users).toBe(4);
    await index.db.transaction(async (sql) => {
      await sql`DELETE FROM activity_users WHERE slot = 19786 AND unit = 'd'`;
      await sql`UPDATE activity_indexes SET generation = generation + 1, sealed_before = 0 WHERE zone = 'UTC'`;
      await sql`UPDATE activity_state SET seq = seq + 1`;
    });
    const after = await usersOfMarch(statistics);
    expect(after.users).toBe(1);
    expect(after.version).not.toBe(before.version);
  });

  it('goes over to an index that takes the place of another', async () => {
    await index.store(several(4, '2024-03-04'));
    const statistics = index.statistics();
    const before = await usersOfMarch(statistics);
    await requestReindex(index.db);
    await index.store([on('2024-03-05')]);
    expect((await usersOfMarch(statistics)).users).toBe(5);
    await index.build();
    await index.store([on('2024-03-05')]);
    const after = await usersOfMarch(statistics);
    expect(after).toMatchObject({ users: 6, source: 'index' });
    expect(after.version?.split('.')[0]).not.toBe(before.version?.split('.')[0]);
    await index.db.run((sql) => sql`DELETE FROM activity_users WHERE index_id = 2`);
    expect((await usersOfMarch(statistics)).users).toBe(6);
  });

  it.each([undefined, 'page_view'])(
    'notices that the database went back in time, of type %s',
    async (type) => {
      await index.store([...several(3, '2024-03-04'), on('2024-03-05')]);
      const statistics = index.statistics();
      expect((await usersOfMarch(statistics, type)).users).toBe(4);
      await index.db.transaction(async (sql) => {
        await sql`DELETE FROM activity_users WHERE slot = 19786 AND unit = 'd'`;
        await sql`UPDATE activity_indexes SET sealed_before = 0 WHERE zone = 'UTC'`;
        await sql`UPDATE activity_state SET seq = 0`;
      });
      expect((await usersOfMarch(statistics, type)).users).toBe(1);
    },
  );

  it.each([undefined, 'page_view'])(
    'notices that another database answers, however many folds that has, of type %s',
    async (type) => {
      await index.store([...several(3, '2024-03-04'), on('2024-03-05')]);
      const statistics = index.statistics();
      const counts = { ...MARCH, interval: 'day', limit: 10 } as const;
      const before = await usersOfMarch(statistics, type);
      const countsBefore = await statistics.eventCounts(counts);
      expect(before.users).toBe(4);
      // As it is after a restore; and types have other numbers by then.
      await index.db.transaction(async (sql) => {
        await sql`DELETE FROM activity_users WHERE slot = 19786 AND unit = 'd'`;
        await sql`UPDATE activity_indexes SET sealed_before = 0 WHERE zone = 'UTC'`;
        await sql`UPDATE activity_users SET type = type + 100 WHERE type > 0`;
        await sql`UPDATE activity_counts SET type = type + 100`;
        await sql`UPDATE event_types SET number = number + 100`;
        await sql`ALTER TABLE activity_state RENAME TO lost`;
        await sql`CREATE TABLE activity_state (LIKE lost INCLUDING ALL)`;
        await sql`INSERT INTO activity_state SELECT * FROM lost`;
        await sql`UPDATE activity_state SET seq = seq + 10`;
      });
      const after = await usersOfMarch(statistics, type);
      expect(after).toMatchObject({ users: 1, source: 'index' });
      expect(after.version).toBe((await usersOfMarch(index.statistics(), type)).version);
      const countsAfter = await statistics.eventCounts(counts);
      expect(countsAfter.value).toEqual(countsBefore.value);
      expect(countsAfter.version).not.toBe(countsBefore.version);
      const versions = async (statistic: Promise<{ version?: string }>) => (await statistic).version;
      const direct = index.statistics({ cacheBytesMax: 1 });
      expect((await usersOfMarch(direct, type)).version).toBe(after.version);
      expect(await versions(direct.topEvents({ ...MARCH, limit: 10 }))).toBe(
        await versions(statistics.topEvents({ ...MARCH, limit: 10 })),
      );
    },
  );

  it('answers from the index under every name of its zone', async () => {
    const kolkata = await openIndexedDatabase(storage, userSets, ['Asia/Kolkata']);
    try {
      await kolkata.store([
        event(1, { occurred_at: '2024-03-04T18:29:00Z' }),
        event(2, { occurred_at: '2024-03-04T18:31:00Z' }),
      ]);
      const statistics = kolkata.statistics();
      const asked = async (zone: string) => ({
        dau: await statistics.periodActiveUsers({ ...MARCH, zone, period: 'day' }),
        top: await statistics.topEvents({ ...MARCH, zone, limit: 10 }),
        retention: await statistics.retention({ ...RETENTION, zone }),
        stickiness: await statistics.stickiness({ ...MARCH, zone }),
        funnel: await statistics.funnel({ ...MARCH, zone, steps: ['page_view', 'buy'] }),
        counts: await statistics.eventCounts({ ...MARCH, zone, interval: 'day', limit: 10 }),
      });
      const first = await asked('Asia/Calcutta');
      expect(first.dau.value.slice(3, 5)).toMatchObject([{ activeUsers: 1 }, { activeUsers: 1 }]);
      expect(Object.values(first).map(({ source }) => source)).toEqual(Array(6).fill('index'));
      for (const zone of ['Asia/Kolkata', 'asia/kolkata', 'Asia/Calcutta']) {
        expect(await asked(zone)).toEqual(first);
      }
      // Its clock is another's.
      expect((await asked('Asia/Colombo')).dau.source).toBe('events');
    } finally {
      await kolkata.close();
    }
  });

  it('takes what is slow in sum for slow, and not for a database that is away', async () => {
    const many = readStatistics(index.db, { statementTimeoutMs: 400 }, async (sql) => {
      for (let n = 0; n < 20; n++) await sql`SELECT pg_sleep(0.3)`;
    });
    const failure: unknown = await many.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StatementTimeoutError);
    expect(isDatabaseAway(failure)).toBe(false);
    const impatient = reader({ statementTimeoutMs: 20 });
    try {
      await index.connect().transaction(async (sql) => {
        await sql`LOCK TABLE activity_state IN ACCESS EXCLUSIVE MODE`;
        await expect(impatient.ask('UTC', countUsers([MARCH_DAYS]))).rejects.toThrow(StatementTimeoutError);
      });
    } finally {
      impatient.close();
    }
  });

  it('computes for no longer than a statistic may take', async () => {
    await index.store([on('2024-03-04')]);
    const impatient = reader({ statementTimeoutMs: 50 });
    const slow = pieceOf(MARCH_DAYS, () => {
      for (const began = performance.now(); performance.now() - began < 12;);
    });
    try {
      const question = { pieces: Array.from({ length: 200 }, () => slow), result: () => 'late' };
      await expect(impatient.ask('UTC', question)).rejects.toThrow(StatementTimeoutError);
    } finally {
      impatient.close();
    }
  });

  it('reads anew when it is far behind', async () => {
    await index.store([on('2024-03-04')]);
    const few = reader({ changesMax: 3 });
    try {
      const ask = async () => (await few.ask('UTC', countUsers([MARCH_DAYS])))?.value;
      expect(await ask()).toEqual([1]);
      await index.store([on('2024-03-05')]);
      expect(await ask()).toEqual([2]);
      expect(few.figures()).toMatchObject({ loads: 1 });
      for (let day = 10; day < 20; day++) await index.store([on(`2024-03-${day}`)]);
      expect(await ask()).toEqual([12]);
      expect(few.figures()).toMatchObject({ loads: 2, direct: 0 });
    } finally {
      few.close();
    }
  });

  it('answers piece by piece what does not fit into memory', async () => {
    await index.store(Array.from({ length: 300 }, (_, n) => on(`2024-03-${10 + (n % 20)}`)));
    const small = reader({ cacheBytesMax: 1, directBytesMax: 100 });
    try {
      const days = Array.from({ length: 31 }, (_, i) => ({
        eventType: undefined,
        first: MARCH_DAYS.first + i,
        last: MARCH_DAYS.first + i,
      }));
      const answer = await small.ask('UTC', countUsers(days));
      expect(answer?.value).toEqual(days.map((_, i) => (i < 9 || i > 28 ? 0 : 15)));
      expect(small.figures()).toMatchObject({ direct: 1, cachedBytes: 0 });
    } finally {
      small.close();
    }
  });

  it('forgets what was unused for longest', async () => {
    await index.store(Array.from({ length: 31 }, (_, n) => on(`2024-03-${String(n + 1).padStart(2, '0')}`)));
    const small = reader({ cacheBytesMax: 10_000 });
    try {
      const ask = (day: number) =>
        small.ask('UTC', countUsers([{ eventType: undefined, first: day, last: day }]));
      for (let n = 0; n < 31; n++) {
        expect((await ask(MARCH_DAYS.first + n))?.value).toEqual([1]);
        expect((await ask(MARCH_DAYS.first))?.value).toEqual([1]);
        expect(small.figures().cachedBytes).toBeLessThanOrEqual(10_000);
      }
      // The first day was used all the time, and read once.
      expect(small.figures()).toMatchObject({ loads: 31, hits: 31, direct: 0 });
    } finally {
      small.close();
    }
  });

  it('answers for many types', async () => {
    const types = Array.from({ length: 3_000 }, (_, n) => `type ${n}`);
    await index.store(types.map((event_type) => on('2024-03-04', { event_type, user_id: 'a' })));
    await index.store(types.slice(0, 5).map((event_type) => on('2024-03-05', { event_type, user_id: 'b' })));
    const statistics = index.statistics();
    const { value, source } = await statistics.topEvents({ ...MARCH, limit: 1_000 });
    expect(source).toBe('index');
    expect(value).toHaveLength(1_000);
    expect(value.slice(0, 5)).toEqual(
      types.slice(0, 5).map((eventType) => ({ eventType, count: 2, users: 2 })),
    );
    expect(value.slice(5).every(({ count, users }) => count === 1 && users === 1)).toBe(true);
    const counts = await statistics.eventCounts({ ...MARCH, interval: 'day', limit: 2 });
    expect(counts.value.total.slice(3, 5)).toEqual([3_000, 5]);
    expect(counts.value.series).toHaveLength(2);
  });

  it('computes from events what the index cannot know', async () => {
    const [zone, source] = ['Europe/Berlin', 'events'];
    await index.store([on('2024-03-04'), on('2024-03-20')]);
    const statistics = index.statistics();
    const sources = async (o: { zone?: string; from?: string }) => ({
      dau: (await statistics.periodActiveUsers({ ...MARCH, ...o, period: 'day' })).source,
      top: (await statistics.topEvents({ ...MARCH, ...o, limit: 10 })).source,
      retention: (await statistics.retention({ ...RETENTION, ...o })).source,
      counts: (await statistics.eventCounts({ ...MARCH, ...o, interval: 'day', limit: 10 })).source,
    });
    expect(await sources({ zone })).toEqual({ dau: source, top: source, retention: source, counts: 'index' });
    expect((await statistics.retention({ ...RETENTION, zone })).version).toBeUndefined();
    // Events from before noon of 10 March were dropped before the index was built.
    const bucket = (19_792 * 86_400) / 900 + 48;
    await index.db.run((sql) => sql`UPDATE activity_indexes SET complete_from = ${bucket}`);
    const all = { dau: source, top: source, retention: source, counts: source };
    expect(await sources({ from: '2024-03-09' })).toEqual(all);
    expect(await sources({ from: '2024-03-10' })).toEqual(all);
    expect(await sources({ from: '2024-03-11' })).toEqual({
      dau: 'index',
      top: 'index',
      // Who was there before is never known.
      retention: source,
      counts: 'index',
    });
    await index.db.run((sql) => sql`UPDATE activity_indexes SET state = 'building'`);
    expect(await sources({ from: '2024-03-11' })).toEqual(all);
  });

  it.each([
    ['remembering everything', 1_000_000],
    ['remembering little', 5_000],
    ['remembering nothing', 1],
  ])('answers of one moment each, %s, while folds go on', async (_name, cacheBytesMax) => {
    const statistics = index.statistics({ cacheBytesMax });
    const memory = createFoldMemory(userSets, 1_000);
    const other = index.connect();
    let folded = 0;
    let asking = true;
    // Every user does the same three things, on days that differ: whatever is asked tells how many users there are.
    const writing = (async () => {
      while (asking) {
        const user_id = `user ${folded}`;
        const day = (n: number) => `2024-03-${String(4 + ((folded + n) % 7)).padStart(2, '0')}`;
        await writeEvents(other, [
          on(day(0), { user_id, event_type: 'a' }),
          on(day(0), { user_id, event_type: 'b' }),
          on(day(0), { user_id, event_type: 'c' }),
        ]);
        await foldActivityLog(other, memory, { historical: true, entriesMax: 1_000 });
        folded++;
      }
    })();
    const ask = async (n: number): Promise<void> => {
      let before = 0;
      for (let round = 0; round < 6 || folded < 10; round++) {
        const atLeast = folded;
        const counts: number[] = [];
        if ((n + round) % 4 === 0) {
          const { value } = await statistics.topEvents({ ...MARCH, limit: 10 });
          counts.push(...value.flatMap(({ count, users }) => [count, users]));
        } else if ((n + round) % 4 === 1) {
          const { value } = await statistics.periodActiveUsers({ ...MARCH, period: 'day' });
          counts.push(value.reduce((sum, { activeUsers }) => sum + activeUsers, 0));
        } else if ((n + round) % 4 === 2) {
          const { value } = await statistics.retention({ ...RETENTION, cohorts: 7, bornEvent: 'b' });
          counts.push(value.reduce((sum, { size }) => sum + size, 0));
          counts.push(value.reduce((sum, { retained }) => sum + (retained[0] ?? 0), 0));
        } else {
          counts.push(...(await statistics.funnel({ ...MARCH, steps: ['a', 'b', 'c'] })).value);
        }
        const [users = 0] = counts;
        expect(counts).toEqual(counts.map(() => users));
        expect(users).toBeGreaterThanOrEqual(Math.max(before, atLeast));
        expect(users).toBeLessThanOrEqual(folded + 1);
        before = users;
      }
    };
    try {
      await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n)));
    } finally {
      asking = false;
      await writing;
    }
  });
});
