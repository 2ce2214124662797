import type { RetentionResponse } from '@event-analytics/api-contract';

import { startStatsTest, type StatsTest } from './stats-app.js';

const EVENTS: Record<string, string[]> = {
  A: ['03-04T10:00', '03-05T09:00', '03-11T12:00'],
  B: ['03-04T23:30', '03-06T00:15', '03-06T08:00'],
  C: ['02-20T08:00', '03-04T08:00', '03-05T08:00'],
  D: ['03-05T00:10', '03-10T23:59:59.999', '03-11T00:00'],
  E: ['03-11T04:30', '03-12T05:00'],
};
const AS_OF = '2024-03-12T18:00:00Z';

type Row = RetentionResponse['cohorts'][number];

/** A row as the semantics write it: `*` incomplete, – not begun. */
const written = ({ retained, complete }: Row): string =>
  retained.map((count, n) => (count === null ? '–' : `${count}${complete[n] ? '' : '*'}`)).join(' ');

describe.each([
  ['events', []],
  ['the index', ['UTC', 'America/New_York']],
])('the worked example of the semantics, over HTTP, from %s', (_source, indexed) => {
  let stats: StatsTest;
  beforeAll(async () => {
    stats = await startStatsTest({ indexed });
    await stats.store(
      Object.entries(EVENTS).flatMap(([user, times]) =>
        times.map((time): [string, string] => [user, `2024-${time}Z`]),
      ),
    );
  });
  afterAll(() => stats.close());

  async function retention(
    query: Record<string, string>,
  ): Promise<{ rows: Map<string, Row>; body: RetentionResponse }> {
    const { body, status } = await stats.get(
      `/stats/retention?${new URLSearchParams({ as_of: AS_OF, ...query }).toString()}`,
    );
    expect({ status, body }).toMatchObject({ status: 200 });
    return { body, rows: new Map(body.cohorts.map((row: Row) => [row.start, row])) };
  }

  /** All cohorts: those named as they stand in the table, all others of nobody. */
  function expectRows(rows: Map<string, Row>, expected: Record<string, [size: number, cells: string]>): void {
    for (const [start, row] of rows) {
      const [size, cells] = expected[start] ?? [0, written(row).replaceAll(/\d+/g, '0')];
      expect([start, row.size, written(row)]).toEqual([start, size, cells]);
      expect(row.rates).toEqual(
        row.retained.map((count) => (count === null || size === 0 ? null : count / size)),
      );
    }
    for (const start of Object.keys(expected)) expect(rows.has(start)).toBe(true);
  }

  const DAILY = { start_date: '2024-03-04', window_type: 'daily', windows: '8', cohorts: '9' };

  it('UTC daily classic', async () => {
    const { body, rows } = await retention({ ...DAILY, timezone: 'UTC' });
    expectRows(rows, {
      '2024-03-04': [2, '2 1 1 0 0 0 0 1 0*'],
      '2024-03-05': [1, '1 0 0 0 0 1 1 0* –'],
      '2024-03-11': [1, '1 1* – – – – – – –'],
    });
    expect(rows.size).toBe(9);
    expect(body).toMatchObject({
      start_date: '2024-03-04',
      window_type: 'daily',
      windows: 8,
      timezone: 'UTC',
      mode: 'classic',
      as_of: '2024-03-12T18:00:00.000Z',
    });
    expect(body.average).toEqual([1, 1 / 3, 1 / 3, 0, 0, 1 / 3, 1 / 3, 1 / 2, null]);
  });

  it('UTC daily unbounded', async () => {
    const { body, rows } = await retention({ ...DAILY, mode: 'unbounded' });
    expectRows(rows, {
      '2024-03-04': [2, '2 2 2 1 1 1 1 1 0*'],
      '2024-03-05': [1, '1 1 1 1 1 1 1 0* –'],
      '2024-03-11': [1, '1 1* – – – – – – –'],
    });
    expect(body.mode).toBe('unbounded');
  });

  it('America/New_York daily classic', async () => {
    const { rows } = await retention({ ...DAILY, timezone: 'America/New_York' });
    expectRows(rows, {
      '2024-03-04': [3, '3 2 1 0 0 0 1 1 0*'],
      '2024-03-11': [1, '1 1* – – – – – – –'],
    });
  });

  it('UTC weekly from 02-19', async () => {
    const { body, rows } = await retention({
      start_date: '2024-02-19',
      window_type: 'weekly',
      windows: '3',
      cohorts: '4',
    });
    expectRows(rows, {
      '2024-02-19': [1, '1 0 1 0*'],
      '2024-03-04': [3, '3 2* – –'],
      '2024-03-11': [1, '1* – – –'],
    });
    expect([...rows.keys()]).toEqual(['2024-02-19', '2024-02-26', '2024-03-04', '2024-03-11']);
    expect(body.average).toEqual([1, 0, 1, null]);
  });

  it('monthly: March has C of February back', async () => {
    const { rows } = await retention({ start_date: '2024-02-01', window_type: 'monthly', windows: '2' });
    expectRows(rows, { '2024-02-01': [1, '1 1* –'], '2024-03-01': [4, '4* – –'] });
  });

  it.each([
    ['UTC', { '02-20': 1, '03-04': 3, '03-05': 3, '03-06': 1, '03-10': 1, '03-11': 3, '03-12': 1 }],
    [
      'America/New_York',
      { '02-20': 1, '03-04': 4, '03-05': 3, '03-06': 1, '03-10': 1, '03-11': 2, '03-12': 1 },
    ],
  ])('daily active users, %s', async (timezone, expected: Record<string, number>) => {
    const query = new URLSearchParams({ from: '2024-02-19', to: '2024-03-13', timezone, as_of: AS_OF });
    const { body } = await stats.get(`/stats/dau?${query.toString()}`).expect(200);
    expect(body).toMatchObject({ from: '2024-02-19', to: '2024-03-13', timezone });
    expect(body.days).toHaveLength(24);
    for (const day of body.days) {
      const date: string = day.date.slice(5);
      expect(day).toEqual({
        date: day.date,
        active_users: expected[date] ?? 0,
        complete: date < '03-12',
      });
    }
  });

  it('active users by week and month', async () => {
    const weeks = await stats
      .get(`/stats/active-users?period=week&from=2024-02-21&to=2024-03-11&as_of=${AS_OF}`)
      .expect(200);
    expect(weeks.body).toEqual({
      from: '2024-02-21',
      to: '2024-03-11',
      timezone: 'UTC',
      period: 'week',
      periods: [
        { start: '2024-02-19', end: '2024-02-25', active_users: 1, complete: true },
        { start: '2024-02-26', end: '2024-03-03', active_users: 0, complete: true },
        { start: '2024-03-04', end: '2024-03-10', active_users: 4, complete: true },
        { start: '2024-03-11', end: '2024-03-17', active_users: 3, complete: false },
      ],
    });
    const months = await stats
      .get(`/stats/active-users?period=month&from=2024-02-29&to=2024-04-01&as_of=${AS_OF}`)
      .expect(200);
    expect(months.body.periods).toEqual([
      { start: '2024-02-01', end: '2024-02-29', active_users: 1, complete: true },
      { start: '2024-03-01', end: '2024-03-31', active_users: 5, complete: false },
      { start: '2024-04-01', end: '2024-04-30', active_users: 0, complete: false },
    ]);
  });
});
