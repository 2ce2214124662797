import {
  eventCounts,
  funnel,
  periodActiveUsers,
  retention,
  StatementTimeoutError,
  stickiness,
  topEvents,
  writeEvents,
  type RetentionQuery,
} from '../src/index.js';
import { event } from './event-makers.js';
import { openDatabase, storages, type OpenedDatabase } from './test-database.js';

/** The worked example of the API's semantics, all times UTC, 2024. */
const EXAMPLE = {
  A: ['03-04T10:00', '03-05T09:00', '03-11T12:00'],
  B: ['03-04T23:30', '03-06T00:15', '03-06T08:00'],
  C: ['02-20T08:00', '03-04T08:00', '03-05T08:00'],
  D: ['03-05T00:10', '03-10T23:59:59.999', '03-11T00:00'],
  E: ['03-11T04:30', '03-12T05:00'],
};

/** The same with types, in the same order. */
const TYPES = {
  A: ['signup', 'page_view', 'purchase'],
  B: ['page_view', 'page_view', 'page_view'],
  C: ['signup', 'page_view', 'page_view'],
  D: ['page_view', 'page_view', 'purchase'],
  E: ['signup', 'page_view'],
};

describe.each(storages)('the worked example on %s', (storage) => {
  let opened: OpenedDatabase;
  beforeAll(async () => {
    opened = await openDatabase(storage);
    let n = 0;
    const all = Object.entries(EXAMPLE).flatMap(([user_id, times]) =>
      times.map((time) => event(n++, { user_id, occurred_at: new Date(`2024-${time}Z`).toISOString() })),
    );
    await writeEvents(opened.db, all);
  });
  afterAll(() => opened.close());

  const query = async (o: Partial<RetentionQuery>) =>
    retention(opened.db, {
      zone: 'UTC',
      startDate: '2024-03-04',
      windowType: 'daily',
      windows: 8,
      cohorts: 8,
      mode: 'classic',
      ...o,
    });

  it('daily retention, classic, UTC', async () => {
    const cohorts = await query({});
    expect(cohorts[0]).toEqual({ size: 2, retained: [2, 1, 1, 0, 0, 0, 0, 1, 0] });
    expect(cohorts[1]).toEqual({ size: 1, retained: [1, 0, 0, 0, 0, 1, 1, 0, 0] });
    expect(cohorts[7]).toEqual({ size: 1, retained: [1, 1, 0, 0, 0, 0, 0, 0, 0] });
    for (const k of [2, 3, 4, 5, 6]) expect(cohorts[k]).toEqual({ size: 0, retained: Array(9).fill(0) });
  });

  it('daily retention, unbounded, UTC', async () => {
    const cohorts = await query({ mode: 'unbounded' });
    expect(cohorts[0]).toEqual({ size: 2, retained: [2, 2, 2, 1, 1, 1, 1, 1, 0] });
    expect(cohorts[1]).toEqual({ size: 1, retained: [1, 1, 1, 1, 1, 1, 1, 0, 0] });
  });

  it('unbounded counts what comes after the last window', async () => {
    const cohorts = await query({ mode: 'unbounded', windows: 1, cohorts: 2 });
    expect(cohorts).toEqual([
      { size: 2, retained: [2, 2] },
      { size: 1, retained: [1, 1] },
    ]);
  });

  it('daily retention, classic, New York over the change of clocks', async () => {
    const cohorts = await query({ zone: 'America/New_York' });
    expect(cohorts[0]).toEqual({ size: 3, retained: [3, 2, 1, 0, 0, 0, 1, 1, 0] });
    expect(cohorts[7]).toEqual({ size: 1, retained: [1, 1, 0, 0, 0, 0, 0, 0, 0] });
    expect(cohorts[6]?.size).toBe(0);
  });

  it('weekly retention from 02-19', async () => {
    const cohorts = await query({ startDate: '2024-02-19', windowType: 'weekly', windows: 3, cohorts: 4 });
    expect(cohorts).toEqual([
      { size: 1, retained: [1, 0, 1, 0] },
      { size: 0, retained: [0, 0, 0, 0] },
      { size: 3, retained: [3, 2, 0, 0] },
      { size: 1, retained: [1, 0, 0, 0] },
    ]);
  });

  it.each([
    ['UTC', { '02-20': 1, '03-04': 3, '03-05': 3, '03-06': 1, '03-10': 1, '03-11': 3, '03-12': 1 }],
    [
      'America/New_York',
      { '02-20': 1, '03-04': 4, '03-05': 3, '03-06': 1, '03-10': 1, '03-11': 2, '03-12': 1 },
    ],
  ])('daily active users, %s', async (zone, expected) => {
    const days = await periodActiveUsers(opened.db, {
      zone,
      period: 'day',
      from: '2024-02-18',
      to: '2024-03-14',
    });
    expect(days).toHaveLength(26);
    expect(days[0]).toMatchObject({ start: '2024-02-18', end: '2024-02-18', activeUsers: 0 });
    const active = days.filter((day) => day.activeUsers > 0);
    expect(Object.fromEntries(active.map((day) => [day.start.slice(5), day.activeUsers]))).toEqual(expected);
  });

  it('weekly and monthly active users count each user once', async () => {
    const weeks = await periodActiveUsers(opened.db, {
      zone: 'UTC',
      period: 'week',
      from: '2024-03-05',
      to: '2024-03-11',
    });
    expect(weeks.map((w) => [w.start, w.end, w.activeUsers])).toEqual([
      ['2024-03-04', '2024-03-10', 4],
      ['2024-03-11', '2024-03-17', 3],
    ]);
    const months = await periodActiveUsers(opened.db, {
      zone: 'UTC',
      period: 'month',
      from: '2024-02-20',
      to: '2024-03-01',
    });
    expect(months.map((m) => [m.start, m.activeUsers])).toEqual([
      ['2024-02-01', 1],
      ['2024-03-01', 5],
    ]);
  });

  it('top events are those of the range', async () => {
    expect(
      await topEvents(opened.db, { zone: 'UTC', from: '2024-03-04', to: '2024-03-04', limit: 10 }),
    ).toEqual([{ eventType: 'page_view', count: 3, users: 3 }]);
    expect(
      await topEvents(opened.db, { zone: 'UTC', from: '2025-03-04', to: '2025-03-04', limit: 10 }),
    ).toEqual([]);
  });

  it.each([
    [
      'UTC',
      {
        '02-19': '0/0',
        '02-20': '1/1',
        '02-21': '0/1',
        '03-03': '0/1',
        '03-04': '3/3',
        '03-05': '3/4',
        '03-06': '1/4',
        '03-10': '1/4',
        '03-11': '3/5',
        '03-12': '1/5',
        // C's 20 February leaves, but C was there again.
        '03-21': '0/5',
        '04-03': '0/5', // from 5 March
        '04-04': '0/4', // C leaves
        '04-05': '0/3', // B leaves
        '04-09': '0/3', // from 11 March
        '04-10': '0/1', // only E was there on the 12th
        '04-11': '0/0',
      },
    ],
    [
      'America/New_York',
      {
        '03-04': '4/4',
        '03-05': '3/4',
        '03-10': '1/4',
        '03-11': '2/5',
        '04-08': '0/3', // from 10 March, when D was there
        '04-09': '0/2',
        '04-10': '0/1',
        '04-11': '0/0',
      },
    ],
  ])('stickiness, %s', async (zone, expected) => {
    const days = await stickiness(opened.db, { zone, from: '2024-02-15', to: '2024-04-12' });
    expect(days).toHaveLength(58);
    const byDate = new Map(days.map(({ date, dau, mau }) => [date.slice(5), `${dau}/${mau}`]));
    expect(Object.fromEntries(Object.keys(expected).map((date) => [date, byDate.get(date)]))).toEqual(
      expected,
    );
    // A range that begins later has the same days.
    expect(await stickiness(opened.db, { zone, from: '2024-03-11', to: '2024-03-12' })).toEqual(
      days.filter(({ date }) => date === '2024-03-11' || date === '2024-03-12'),
    );
  });

  it('event counts, by the day', async () => {
    const q = { zone: 'UTC', from: '2024-03-03', to: '2024-03-06', interval: 'day', limit: 10 } as const;
    expect(await eventCounts(opened.db, q)).toEqual({
      total: [0, 3, 3, 2],
      series: [{ eventType: 'page_view', total: 8, counts: [0, 3, 3, 2] }],
    });
    expect(await eventCounts(opened.db, { ...q, zone: 'America/New_York' })).toMatchObject({
      total: [0, 4, 3, 1],
    });
    expect(await eventCounts(opened.db, { ...q, eventType: 'none' })).toEqual({
      total: [0, 0, 0, 0],
      series: [{ eventType: 'none', total: 0, counts: [0, 0, 0, 0] }],
    });
    expect(await eventCounts(opened.db, { ...q, from: '2025-01-01', to: '2025-01-01' })).toEqual({
      total: [0],
      series: [],
    });
  });

  it('event counts, by the hour, of a day of 23 hours', async () => {
    const q = { from: '2024-03-10', to: '2024-03-10', interval: 'hour', limit: 10 } as const;
    const { total, series } = await eventCounts(opened.db, { ...q, zone: 'America/New_York' });
    // 19:59:59.999 and 20:00, with no 02:00 before them.
    expect(total).toEqual([...Array<number>(18).fill(0), 1, 1, 0, 0, 0]);
    expect(series).toEqual([{ eventType: 'page_view', total: 2, counts: total }]);
    expect((await eventCounts(opened.db, { ...q, zone: 'UTC' })).total).toEqual([
      ...Array<number>(23).fill(0),
      1,
    ]);
  });

  it('a day that the zone skipped is one interval by the day, and none by the hour', async () => {
    const q = { zone: 'Pacific/Apia', from: '2011-12-30', to: '2011-12-30', limit: 10 };
    expect(await eventCounts(opened.db, { ...q, interval: 'day' })).toEqual({ total: [0], series: [] });
    expect(await eventCounts(opened.db, { ...q, interval: 'hour', eventType: 'a' })).toEqual({
      total: [],
      series: [{ eventType: 'a', total: 0, counts: [] }],
    });
    expect(await stickiness(opened.db, q)).toEqual([{ date: '2011-12-30', dau: 0, mau: 0 }]);
    expect(await funnel(opened.db, { ...q, steps: ['a', 'b'] })).toEqual([0, 0]);
  });

  it('answers for any dates there are', async () => {
    for (const [from, to] of [
      ['0001-01-01', '0001-01-02'],
      ['9999-12-30', '9999-12-31'],
    ] as const) {
      for (const period of ['day', 'week', 'month'] as const) {
        const periods = await periodActiveUsers(opened.db, { zone: 'Asia/Tokyo', period, from, to });
        expect(periods.map((p) => p.activeUsers)).toEqual(periods.map(() => 0));
      }
      expect(await stickiness(opened.db, { zone: 'Asia/Tokyo', from, to })).toHaveLength(2);
      expect(await funnel(opened.db, { zone: 'Asia/Tokyo', from, to, steps: ['a', 'b'] })).toEqual([0, 0]);
      for (const interval of ['hour', 'day'] as const) {
        const { total } = await eventCounts(opened.db, { zone: 'Asia/Tokyo', from, to, interval, limit: 1 });
        expect(total).toEqual(Array(interval === 'hour' ? 48 : 2).fill(0));
      }
      await query({ startDate: from, windows: 366, cohorts: 366, mode: 'unbounded' });
    }
    const none = { zone: 'UTC', period: 'day', from: '2024-03-02', to: '2024-03-01' } as const;
    expect(await periodActiveUsers(opened.db, none)).toEqual([]);
  });

  it('stops at the timeout with an error of its own, and goes on', async () => {
    const lock = opened.db.transaction(async (sql) => {
      await sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`;
      const late = periodActiveUsers(opened.db, {
        zone: 'UTC',
        period: 'day',
        from: '2024-03-01',
        to: '2024-03-02',
        statementTimeoutMs: 50,
      });
      await expect(late).rejects.toBeInstanceOf(StatementTimeoutError);
      await expect(late).rejects.toMatchObject({ timeoutMs: 50 });
    });
    await lock;
    const day = { zone: 'UTC', period: 'day', from: '2024-03-04', to: '2024-03-04' } as const;
    expect(await periodActiveUsers(opened.db, day)).toMatchObject([{ start: '2024-03-04', activeUsers: 3 }]);
  });
});

describe.each(storages)('the worked example with types on %s', (storage) => {
  let opened: OpenedDatabase;
  beforeAll(async () => {
    opened = await openDatabase(storage);
    let n = 0;
    const all = (['A', 'B', 'C', 'D', 'E'] as const).flatMap((user_id) =>
      EXAMPLE[user_id].map((time, i) =>
        event(n++, {
          user_id,
          event_type: TYPES[user_id][i] ?? '',
          occurred_at: new Date(`2024-${time}Z`).toISOString(),
        }),
      ),
    );
    await writeEvents(opened.db, all);
  });
  afterAll(() => opened.close());

  const range = { from: '2024-02-20', to: '2024-03-12' };

  it.each<[string, string, { zone: string; from: string; to: string }, number[]]>([
    [
      'A and C and E sign up and look, A buys',
      'signup,page_view,purchase',
      { zone: 'UTC', ...range },
      [3, 3, 1],
    ],
    [
      'C signed up before',
      'signup,page_view,purchase',
      { zone: 'UTC', ...range, from: '2024-02-21' },
      [2, 2, 1],
    ],
    ['E looks a day too late', 'signup,page_view', { zone: 'UTC', ...range, to: '2024-03-11' }, [3, 2]],
    ['all look, A and D buy later', 'page_view,purchase', { zone: 'UTC', ...range }, [5, 2]],
    ['nobody looks after buying', 'purchase,page_view', { zone: 'UTC', ...range }, [2, 0]],
    // In New York D looks at 19:59 and buys at 20:00: one day, so either way round.
    ['on one day the order is nothing', 'purchase,page_view', { zone: 'America/New_York', ...range }, [2, 1]],
    ['a step that nobody did ends it', 'signup,none,page_view', { zone: 'UTC', ...range }, [3, 0, 0]],
    ['nobody at all', 'none,signup', { zone: 'UTC', ...range }, [0, 0]],
    ['no days', 'signup,page_view', { zone: 'UTC', from: '2024-03-12', to: '2024-03-11' }, [0, 0]],
  ])('funnel: %s (%s)', async (_name, steps, where, users) => {
    expect(await funnel(opened.db, { ...where, steps: steps.split(',') })).toEqual(users);
  });

  it('event counts by type: by number, then by code point', async () => {
    const q = { zone: 'UTC', from: '2024-03-10', to: '2024-03-12', interval: 'day', limit: 10 } as const;
    const series = [
      { eventType: 'page_view', total: 2, counts: [1, 0, 1] },
      { eventType: 'purchase', total: 2, counts: [0, 2, 0] },
      { eventType: 'signup', total: 1, counts: [0, 1, 0] },
    ];
    expect(await eventCounts(opened.db, q)).toEqual({ total: [1, 3, 1], series });
    expect(await eventCounts(opened.db, { ...q, limit: 2 })).toEqual({
      total: [1, 3, 1],
      series: series.slice(0, 2),
    });
    expect(await eventCounts(opened.db, { ...q, eventType: 'purchase' })).toEqual({
      total: [0, 2, 0],
      series: series.slice(1, 2),
    });
  });

  it('stickiness of one type', async () => {
    const q = { zone: 'UTC', from: '2024-03-10', to: '2024-03-11', eventType: 'signup' };
    expect(await stickiness(opened.db, q)).toEqual([
      { date: '2024-03-10', dau: 0, mau: 2 },
      { date: '2024-03-11', dau: 1, mau: 3 },
    ]);
  });

  it('knows no more than 26 steps', async () => {
    const steps = Array.from({ length: 27 }, (_, i) => `step ${i}`);
    await expect(funnel(opened.db, { zone: 'UTC', ...range, steps })).rejects.toBeInstanceOf(RangeError);
  });
});
