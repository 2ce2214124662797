import { randomUUID } from 'node:crypto';
import { eventually, getJson, postEvents, startSystem, type System } from '@event-analytics/testkit';

/** The contract's worked example, through HTTP, stream and database. */
const AS_OF = '2024-03-12T18:00:00Z';
const EXAMPLE: Record<string, string[]> = {
  A: ['03-04T10:00 signup', '03-05T09:00 visit', '03-11T12:00 purchase'],
  B: ['03-04T23:30 visit', '03-06T00:15 visit', '03-06T08:00 visit'],
  C: ['02-20T08:00 signup', '03-04T08:00 visit', '03-05T08:00 visit'],
  D: ['03-05T00:10 visit', '03-10T23:59:59.999 visit', '03-11T00:00 purchase'],
  E: ['03-11T04:30 signup', '03-12T05:00 visit'],
};

const EVENTS = Object.entries(EXAMPLE).flatMap(([user_id, times]) =>
  times.map((text) => {
    const [time = '', event_type] = text.split(' ');
    return {
      event_id: randomUUID(),
      user_id,
      event_type,
      occurred_at: `2024-${time.length === 11 ? `${time}:00` : time}Z`,
    };
  }),
);

/** "2 1* –" as the contract writes it: * is not complete yet, – has not begun. */
interface Row {
  start: string;
  size: number;
  cells: string;
}

interface RetentionAnswer {
  cohorts: {
    start: string;
    size: number;
    retained: (number | null)[];
    rates: (number | null)[];
    complete: boolean[];
  }[];
}

const asRow = (cohort: RetentionAnswer['cohorts'][number]): Row => ({
  start: cohort.start.slice(5),
  size: cohort.size,
  cells: cohort.retained
    .map((r, n) => (r === null ? '–' : `${String(r)}${cohort.complete[n] ? '' : '*'}`))
    .join(' '),
});

describe('the worked example', () => {
  let system: System;

  beforeAll(async () => {
    system = await startSystem();
    const answer = await postEvents(system.gateway.url, EVENTS);
    expect(answer).toMatchObject({ status: 202, body: { accepted: 14, duplicates: 0, rejected: [] } });
    await eventually(
      'all 14 events in the statistics',
      10_000,
      () => getJson(system.stats.url, '/stats/top-events', { from: '2024-02-01', to: '2024-03-31' }),
      (body) =>
        (body as { events: { count: number }[] }).events.reduce((sum, { count }) => sum + count, 0) === 14,
    );
  });

  afterAll(async () => {
    await system.stop();
  });

  const retention = async (query: Record<string, string | number>) =>
    (await getJson(system.stats.url, '/stats/retention', { as_of: AS_OF, ...query })) as RetentionAnswer;

  test.each<[string, Record<string, string | number>, Row[]]>([
    [
      'UTC daily classic',
      { start_date: '2024-03-04', window_type: 'daily', windows: 8 },
      [
        { start: '03-04', size: 2, cells: '2 1 1 0 0 0 0 1 0*' },
        { start: '03-05', size: 1, cells: '1 0 0 0 0 1 1 0* –' },
        { start: '03-11', size: 1, cells: '1 1* – – – – – – –' },
      ],
    ],
    [
      'UTC daily unbounded',
      { start_date: '2024-03-04', window_type: 'daily', windows: 8, mode: 'unbounded' },
      [
        { start: '03-04', size: 2, cells: '2 2 2 1 1 1 1 1 0*' },
        { start: '03-05', size: 1, cells: '1 1 1 1 1 1 1 0* –' },
      ],
    ],
    [
      'New York daily classic',
      { start_date: '2024-03-04', window_type: 'daily', windows: 8, timezone: 'America/New_York' },
      [
        { start: '03-04', size: 3, cells: '3 2 1 0 0 0 1 1 0*' },
        { start: '03-11', size: 1, cells: '1 1* – – – – – – –' },
      ],
    ],
    [
      'UTC weekly',
      { start_date: '2024-02-19', window_type: 'weekly', windows: 3, cohorts: 4 },
      [
        { start: '02-19', size: 1, cells: '1 0 1 0*' },
        { start: '03-04', size: 3, cells: '3 2* – –' },
        { start: '03-11', size: 1, cells: '1* – – –' },
      ],
    ],
  ])('retention, %s', async (_name, query, expected) => {
    const answer = await retention(query);
    const rows = answer.cohorts.map(asRow);
    for (const row of expected) expect(rows).toContainEqual(row);
    const others = rows.filter((row) => !expected.some((e) => e.start === row.start));
    if (query['mode'] !== 'unbounded') expect(others.map((row) => row.size)).toEqual(others.map(() => 0));
  });

  test.each([
    ['UTC', { '02-20': 1, '03-04': 3, '03-05': 3, '03-06': 1, '03-10': 1, '03-11': 3, '03-12': 1 }],
    [
      'America/New_York',
      { '02-20': 1, '03-04': 4, '03-05': 3, '03-06': 1, '03-10': 1, '03-11': 2, '03-12': 1 },
    ],
  ])('daily active users in %s, zeros included', async (timezone, expected) => {
    const answer = (await getJson(system.stats.url, '/stats/dau', {
      from: '2024-02-19',
      to: '2024-03-12',
      timezone,
      as_of: AS_OF,
    })) as { days: { date: string; active_users: number; complete: boolean }[] };
    expect(answer.days).toHaveLength(23);
    const nonZero = answer.days.filter((d) => d.active_users > 0);
    expect(Object.fromEntries(nonZero.map((d) => [d.date.slice(5), d.active_users]))).toEqual(expected);
    expect(answer.days.filter((d) => !d.complete).map((d) => d.date)).toEqual(['2024-03-12']);
  });

  test('stickiness: dau over mau, the average over the days that are over', async () => {
    expect(
      await getJson(system.stats.url, '/stats/stickiness', {
        from: '2024-03-10',
        to: '2024-03-12',
        timezone: 'UTC',
        as_of: AS_OF,
      }),
    ).toEqual({
      from: '2024-03-10',
      to: '2024-03-12',
      timezone: 'UTC',
      days: [
        { date: '2024-03-10', dau: 1, mau: 4, stickiness: 0.25, complete: true },
        { date: '2024-03-11', dau: 3, mau: 5, stickiness: 0.6, complete: true },
        { date: '2024-03-12', dau: 1, mau: 5, stickiness: 0.2, complete: false },
      ],
      average: 4 / 9,
    });
    expect(
      await getJson(system.stats.url, '/stats/stickiness', {
        from: '2024-02-18',
        to: '2024-02-19',
        timezone: 'UTC',
        as_of: AS_OF,
      }),
    ).toMatchObject({
      days: [
        { dau: 0, mau: 0, stickiness: null },
        { dau: 0, mau: 0, stickiness: null },
      ],
      average: null,
    });
  });

  test.each([
    ['signup,visit,purchase', 'UTC', '2024-02-20', '3 3 1', '1 1 0.3333', '1 1 0.3333'],
    // C signed up before.
    ['signup,visit,purchase', 'UTC', '2024-02-21', '2 2 1', '1 1 0.5', '1 1 0.5'],
    ['visit,purchase', 'UTC', '2024-02-20', '5 2', '1 0.4', '1 0.4'],
    ['purchase,visit', 'UTC', '2024-02-20', '2 0', '1 0', '1 0'],
    // In New York D visits at 19:59 and buys at 20:00: one day, so either way round.
    ['purchase,visit', 'America/New_York', '2024-02-20', '2 1', '1 0.5', '1 0.5'],
    ['none,visit', 'UTC', '2024-02-20', '0 0', 'null null', 'null null'],
    ['visit,none,purchase', 'UTC', '2024-02-20', '5 0 0', '1 0 0', '1 0 null'],
  ])('funnel %s in %s from %s', async (steps, timezone, from, users, rates, stepRates) => {
    const answer = (await getJson(system.stats.url, '/stats/funnel', {
      steps,
      timezone,
      from,
      to: '2024-03-12',
      as_of: AS_OF,
    })) as {
      steps: { event_type: string; users: number; rate: number | null; step_rate: number | null }[];
      complete: boolean;
    };
    const listed = (values: (number | null)[]) =>
      values.map((value) => String(value === null ? null : Math.round(value * 10_000) / 10_000)).join(' ');
    expect(answer).toMatchObject({ timezone, from, to: '2024-03-12', complete: false });
    expect(answer.steps.map((step) => step.event_type).join(',')).toBe(steps);
    expect(listed(answer.steps.map((step) => step.users))).toBe(users);
    expect(listed(answer.steps.map((step) => step.rate))).toBe(rates);
    expect(listed(answer.steps.map((step) => step.step_rate))).toBe(stepRates);
  });

  test('event counts by day, and by hour of a day of 23', async () => {
    const ask = (query: Record<string, string>) =>
      getJson(system.stats.url, '/stats/event-counts', { as_of: AS_OF, ...query });
    const days = { from: '2024-03-10', to: '2024-03-12', timezone: 'UTC' };
    expect(await ask(days)).toEqual({
      ...days,
      interval: 'day',
      starts: ['2024-03-10', '2024-03-11', '2024-03-12'],
      complete: [true, true, false],
      total: [1, 3, 1],
      series: [
        { event_type: 'purchase', total: 2, counts: [0, 2, 0] },
        { event_type: 'visit', total: 2, counts: [1, 0, 1] },
        { event_type: 'signup', total: 1, counts: [0, 1, 0] },
      ],
    });
    const hours = { from: '2024-03-10', to: '2024-03-10', timezone: 'America/New_York', interval: 'hour' };
    const zeros = (count: number) => Array<number>(count).fill(0);
    const byHour = (await ask(hours)) as { starts: string[] };
    expect(byHour).toMatchObject({
      ...hours,
      complete: Array(23).fill(true),
      total: [...zeros(18), 1, 1, ...zeros(3)],
      series: [
        { event_type: 'purchase', total: 1, counts: [...zeros(19), 1, ...zeros(3)] },
        { event_type: 'visit', total: 1, counts: [...zeros(18), 1, ...zeros(4)] },
      ],
    });
    expect(byHour.starts.slice(0, 3)).toEqual([
      '2024-03-10T00:00:00-05:00',
      '2024-03-10T01:00:00-05:00',
      '2024-03-10T03:00:00-04:00',
    ]);
    expect(byHour.starts).toHaveLength(23);
    // At 14:00 it is 18:00Z: that hour has begun, and the one before is over.
    expect(await ask({ ...hours, from: '2024-03-12', to: '2024-03-12' })).toMatchObject({
      complete: [...Array<boolean>(14).fill(true), ...Array<boolean>(10).fill(false)],
    });
  });

  test('sent again, the example changes nothing', async () => {
    const before = await retention({ start_date: '2024-03-04', window_type: 'daily', windows: 8 });
    const again = await postEvents(system.gateway.url, EVENTS);
    expect(again).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 14 } });
    expect(await retention({ start_date: '2024-03-04', window_type: 'daily', windows: 8 })).toEqual(before);
  });
});
