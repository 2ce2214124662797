import { randomUUID } from 'node:crypto';
import { eventually, getJson, postEvents, startSystem, type System } from '../src/system.js';

/** The contract's worked example, through HTTP, stream and database. */
const AS_OF = '2024-03-12T18:00:00Z';
const EXAMPLE: Record<string, string[]> = {
  A: ['03-04T10:00', '03-05T09:00', '03-11T12:00'],
  B: ['03-04T23:30', '03-06T00:15', '03-06T08:00'],
  C: ['02-20T08:00', '03-04T08:00', '03-05T08:00'],
  D: ['03-05T00:10', '03-10T23:59:59.999', '03-11T00:00'],
  E: ['03-11T04:30', '03-12T05:00'],
};

const EVENTS = Object.entries(EXAMPLE).flatMap(([user_id, times]) =>
  times.map((time) => ({
    event_id: randomUUID(),
    user_id,
    event_type: 'visit',
    occurred_at: `2024-${time.length === 11 ? `${time}:00` : time}Z`,
  })),
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
      (body) => (body as { events: { count: number }[] }).events[0]?.count === 14,
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

  test('sent again, the example changes nothing', async () => {
    const before = await retention({ start_date: '2024-03-04', window_type: 'daily', windows: 8 });
    const again = await postEvents(system.gateway.url, EVENTS);
    expect(again).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 14 } });
    expect(await retention({ start_date: '2024-03-04', window_type: 'daily', windows: 8 })).toEqual(before);
  });
});
