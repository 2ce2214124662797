import {
  dailyActiveUsers,
  periodActiveUsers,
  retention,
  StatementTimeoutError,
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
    const days = await dailyActiveUsers(opened.db, { zone, from: '2024-02-18', to: '2024-03-14' });
    expect(days).toHaveLength(26);
    expect(days[0]).toEqual({ date: '2024-02-18', activeUsers: 0 });
    const active = days.filter((day) => day.activeUsers > 0);
    expect(Object.fromEntries(active.map((day) => [day.date.slice(5), day.activeUsers]))).toEqual(expected);
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

  it('answers for any dates there are', async () => {
    for (const [from, to] of [
      ['0001-01-01', '0001-01-02'],
      ['9999-12-30', '9999-12-31'],
    ] as const) {
      for (const period of ['day', 'week', 'month'] as const) {
        const periods = await periodActiveUsers(opened.db, { zone: 'Asia/Tokyo', period, from, to });
        expect(periods.map((p) => p.activeUsers)).toEqual(periods.map(() => 0));
      }
      await query({ startDate: from, windows: 366, cohorts: 366, mode: 'unbounded' });
    }
    expect(await dailyActiveUsers(opened.db, { zone: 'UTC', from: '2024-03-02', to: '2024-03-01' })).toEqual(
      [],
    );
  });

  it('stops at the timeout with an error of its own, and goes on', async () => {
    const lock = opened.db.transaction(async (sql) => {
      await sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`;
      const late = dailyActiveUsers(opened.db, {
        zone: 'UTC',
        from: '2024-03-01',
        to: '2024-03-02',
        statementTimeoutMs: 50,
      });
      await expect(late).rejects.toBeInstanceOf(StatementTimeoutError);
      await expect(late).rejects.toMatchObject({ timeoutMs: 50 });
    });
    await lock;
    expect(await dailyActiveUsers(opened.db, { zone: 'UTC', from: '2024-03-04', to: '2024-03-04' })).toEqual([
      { date: '2024-03-04', activeUsers: 3 },
    ]);
  });
});
