import type {
  ActiveUsersResponse,
  DauResponse,
  EventCountsResponse,
  FunnelResponse,
  RetentionResponse,
  StickinessResponse,
  TopEventsResponse,
} from '@event-analytics/api-contract';

import { startStatsTest, type StatsTest } from './stats-app.js';

const NOW = '2024-03-12T18:00:00Z';

describe.each([
  ['events', []],
  ['the index', ['UTC', 'Asia/Tokyo']],
])('statistics over HTTP, from %s', (from, indexed) => {
  let stats: StatsTest;
  beforeAll(async () => {
    stats = await startStatsTest({ clock: () => Date.parse(NOW), zones: ['Asia/Tokyo'], indexed });
    await stats.store([
      ['a', '2024-03-10T00:00:00Z', 'signup'],
      ['a', '2024-03-10T01:00:00Z', 'view'],
      ['a', '2024-03-11T01:00:00Z', 'buy'],
      ['b', '2024-03-10T02:00:00Z', 'view'],
      ['b', '2024-03-11T02:00:00Z', 'signup'],
      ['b', '2024-03-12T02:00:00Z', 'Zoom'],
      ['b', '2024-03-12T03:00:00Z', 'ähnlich'],
    ]);
  });
  afterAll(() => stats.close());

  const get = async <T extends object>(path: string): Promise<T> => (await stats.get(path).expect(200)).body;

  it('answers the last 30 days of the default zone when nothing is asked', async () => {
    // In Tokyo it is already the 13th.
    const dau = await get<DauResponse>('/stats/dau');
    expect(dau).toMatchObject({ from: '2024-02-13', to: '2024-03-13', timezone: 'Asia/Tokyo' });
    expect(dau.days).toHaveLength(30);
    expect(dau.days.slice(-4)).toEqual([
      { date: '2024-03-10', active_users: 2, complete: true },
      { date: '2024-03-11', active_users: 2, complete: true },
      { date: '2024-03-12', active_users: 1, complete: true },
      { date: '2024-03-13', active_users: 0, complete: false },
    ]);
    const from = await get('/stats/dau?from=2024-03-01&timezone=UTC');
    expect(from).toMatchObject({ from: '2024-03-01', to: '2024-03-12', timezone: 'UTC' });
    const to = await get('/stats/top-events?to=2024-03-10');
    expect(to).toMatchObject({ from: '2024-02-10', to: '2024-03-10' });
    expect(await get('/stats/active-users?period=month')).toMatchObject({
      from: '2024-02-13',
      periods: [{ start: '2024-02-01' }, { start: '2024-03-01', end: '2024-03-31', complete: false }],
    });
    expect(await get('/stats/retention?start_date=2024-03-10&window_type=daily&windows=1')).toMatchObject({
      cohorts: [{ start: '2024-03-10', size: 2 }],
      mode: 'classic',
      timezone: 'Asia/Tokyo',
      as_of: '2024-03-12T18:00:00.000Z',
    });
  });

  it('lets as_of change complete and null alone, no default and no count', async () => {
    const now = await get<DauResponse>('/stats/dau?timezone=UTC');
    const before = await get<DauResponse>('/stats/dau?timezone=UTC&as_of=2024-03-11T00:00:00Z');
    const withoutComplete = (days: object[]): object[] =>
      days.map((day) => ({ ...day, complete: undefined }));
    expect(withoutComplete(before.days)).toEqual(withoutComplete(now.days));
    expect(before.days.slice(-3).map((day) => day.complete)).toEqual([true, false, false]);
    const exact = await get<DauResponse>(
      '/stats/dau?from=2024-03-10&to=2024-03-10&timezone=UTC&as_of=2024-03-11T00:00:00%2B00:00',
    );
    expect(exact.days[0]?.complete).toBe(true);
    const short = await get<DauResponse>(
      '/stats/dau?from=2024-03-10&to=2024-03-10&timezone=UTC&as_of=2024-03-10T23:59:59.999Z',
    );
    expect(short.days[0]?.complete).toBe(false);
  });

  it('filters by event type, exactly', async () => {
    const range = 'from=2024-03-10&to=2024-03-12&timezone=UTC';
    const users = (parts: { active_users: number }[]): number[] => parts.map((part) => part.active_users);
    const daily = async (query: string): Promise<number[]> =>
      users((await get<DauResponse>(`/stats/dau?${range}&${query}`)).days);
    expect(await daily('event_type=signup')).toEqual([1, 1, 0]);
    expect(await daily('event_type=Signup')).toEqual([0, 0, 0]);
    expect(
      users(
        (await get<ActiveUsersResponse>(`/stats/active-users?${range}&period=week&event_type=view`)).periods,
      ),
    ).toEqual([2, 0]);
    expect(await daily('event_type=%C3%A4hnlich')).toEqual([0, 0, 1]);
  });

  it('ranks event types by count, then by code point', async () => {
    const top = await get<TopEventsResponse>('/stats/top-events?from=2024-03-10&to=2024-03-12&timezone=UTC');
    expect(top).toEqual({
      from: '2024-03-10',
      to: '2024-03-12',
      timezone: 'UTC',
      events: [
        { event_type: 'signup', count: 2, users: 2 },
        { event_type: 'view', count: 2, users: 2 },
        { event_type: 'Zoom', count: 1, users: 1 },
        { event_type: 'buy', count: 1, users: 1 },
        { event_type: 'ähnlich', count: 1, users: 1 },
      ],
    });
    const two = await get<TopEventsResponse>(
      '/stats/top-events?from=2024-03-10&to=2024-03-12&timezone=UTC&limit=2',
    );
    expect(two.events).toEqual(top.events.slice(0, 2));
    expect((await get<TopEventsResponse>('/stats/top-events?from=2024-03-01&to=2024-03-02')).events).toEqual(
      [],
    );
  });

  it('says how sticky days are', async () => {
    const range = 'from=2024-03-10&to=2024-03-12&timezone=UTC';
    expect(await get<StickinessResponse>(`/stats/stickiness?${range}`)).toEqual({
      from: '2024-03-10',
      to: '2024-03-12',
      timezone: 'UTC',
      days: [
        { date: '2024-03-10', dau: 2, mau: 2, stickiness: 1, complete: true },
        { date: '2024-03-11', dau: 2, mau: 2, stickiness: 1, complete: true },
        { date: '2024-03-12', dau: 1, mau: 2, stickiness: 0.5, complete: false },
      ],
      average: 1,
    });
    const signups = await get<StickinessResponse>(`/stats/stickiness?${range}&event_type=signup`);
    expect(signups.days.map(({ dau, mau }) => [dau, mau])).toEqual([
      [1, 1],
      [1, 2],
      [0, 2],
    ]);
    const nobody = await get<StickinessResponse>('/stats/stickiness?from=2023-03-10&to=2023-03-10');
    expect(nobody).toMatchObject({ days: [{ dau: 0, mau: 0, stickiness: null }], average: null });
  });

  it('follows users through a funnel', async () => {
    const range = 'from=2024-03-10&to=2024-03-12&timezone=UTC';
    expect(await get<FunnelResponse>(`/stats/funnel?steps=view,signup,buy&${range}`)).toEqual({
      from: '2024-03-10',
      to: '2024-03-12',
      timezone: 'UTC',
      steps: [
        { event_type: 'view', users: 2, rate: 1, step_rate: 1 },
        { event_type: 'signup', users: 2, rate: 1, step_rate: 1 },
        { event_type: 'buy', users: 1, rate: 0.5, step_rate: 0.5 },
      ],
      complete: false,
    });
    const back = await get<FunnelResponse>(
      `/stats/funnel?steps=buy,signup&${range}&as_of=2024-03-13T00:00:00Z`,
    );
    expect(back).toMatchObject({
      complete: true,
      steps: [{ users: 1 }, { users: 0, rate: 0, step_rate: 0 }],
    });
    const nobody = await get<FunnelResponse>(`/stats/funnel?steps=never,buy&${range}`);
    expect(nobody.steps.map(({ users, rate, step_rate }) => [users, rate, step_rate])).toEqual([
      [0, null, null],
      [0, null, null],
    ]);
  });

  it('counts events over time', async () => {
    const range = 'from=2024-03-10&to=2024-03-12&timezone=UTC';
    expect(await get<EventCountsResponse>(`/stats/event-counts?${range}&limit=2`)).toEqual({
      from: '2024-03-10',
      to: '2024-03-12',
      timezone: 'UTC',
      interval: 'day',
      starts: ['2024-03-10', '2024-03-11', '2024-03-12'],
      complete: [true, true, false],
      total: [3, 2, 2],
      series: [
        { event_type: 'signup', total: 2, counts: [1, 1, 0] },
        { event_type: 'view', total: 2, counts: [2, 0, 0] },
      ],
    });
    const hours = await get<EventCountsResponse>(
      '/stats/event-counts?interval=hour&from=2024-03-10&to=2024-03-10&event_type=view',
    );
    expect(hours.starts.slice(9, 12)).toEqual([
      '2024-03-10T09:00:00+09:00',
      '2024-03-10T10:00:00+09:00',
      '2024-03-10T11:00:00+09:00',
    ]);
    expect(hours).toMatchObject({ series: [{ event_type: 'view', total: 2 }] });
    expect(hours.total.slice(9, 13)).toEqual([0, 1, 1, 0]);
    await stats.get('/stats/event-counts?interval=hour&from=2024-01-01&to=2024-04-30').expect(422);
  });

  it('follows born and return events', async () => {
    const query = 'start_date=2024-03-10&window_type=daily&windows=2&timezone=UTC';
    const table = async (more: string): Promise<[number, (number | null)[]][]> =>
      (await get<RetentionResponse>(`/stats/retention?${query}${more}`)).cohorts.map((row) => [
        row.size,
        row.retained,
      ]);
    expect(await table('')).toEqual([
      [2, [2, 2, 1]],
      [0, [0, 0, null]],
    ]);
    expect(await table('&born_event=signup')).toEqual([
      [1, [1, 1, 0]],
      [1, [1, 1, null]],
    ]);
    expect(await table('&born_event=signup&return_event=buy')).toEqual([
      [1, [0, 1, 0]],
      [1, [0, 0, null]],
    ]);
    expect(await table('&return_event=Zoom&mode=unbounded')).toEqual([
      [2, [1, 1, 1]],
      [0, [0, 0, null]],
    ]);
  });

  it('lets an event that arrives late move its user to an earlier cohort', async () => {
    const own = await startStatsTest({ clock: () => Date.parse(NOW), indexed });
    try {
      const sizes = async (): Promise<number[]> => {
        const path = '/stats/retention?start_date=2024-03-08&window_type=daily&windows=3';
        const { body } = await own.get(path).expect(200);
        return (body as RetentionResponse).cohorts.map((row) => row.size);
      };
      await own.store([['x', '2024-03-10T12:00:00Z']]);
      expect(await sizes()).toEqual([0, 0, 1]);
      await own.store([['x', '2024-03-08T12:00:00Z']]);
      expect(await sizes()).toEqual([1, 0, 0]);
      await own.store([['x', '2020-01-01T12:00:00Z']]);
      expect(await sizes()).toEqual([0, 0, 0]);
    } finally {
      await own.close();
    }
  });

  it('is not to be kept without asking again, and is measured', async () => {
    for (const path of [
      '/stats/dau',
      '/stats/active-users?period=day',
      '/stats/top-events',
      '/stats/retention?start_date=2024-03-10&window_type=daily&windows=1',
      '/stats/stickiness',
      '/stats/funnel?steps=signup,buy',
      '/stats/event-counts?interval=hour',
    ]) {
      const answer = await stats
        .get(path)
        .expect(200)
        .expect('Content-Type', /^application\/json/);
      expect(answer.headers['cache-control']).toBe('no-cache');
    }
    const { text } = await stats.get('/metrics').expect(200);
    const source = from === 'events' ? 'events' : 'index';
    for (const query of ['dau', 'active_users', 'top_events', 'retention', 'stickiness', 'funnel']) {
      expect(text).toMatch(
        new RegExp(
          `stats_query_duration_seconds_count\\{[^}]*query="${query}"[^}]*source="${source}"[^}]*\\} [1-9]`,
        ),
      );
    }
    expect(text).toMatch(/stats_cache_bytes\{[^}]*\} \d/);
    expect(text).toMatch(/stats_cache_loads_total\{[^}]*\} \d/);
    expect(text).toMatch(/api_requests_total\{[^}]*endpoint="\/stats\/dau"[^}]*status="200"/);
  });

  it.each([
    ['/stats/dau?form=2024-01-01', 'form', 'unknown_parameter'],
    ['/stats/dau?from=2024-02-30', 'from', 'invalid_date'],
    ['/stats/dau?from=2024-3-1', 'from', 'invalid_date'],
    ['/stats/dau?to=tomorrow', 'to', 'invalid_date'],
    ['/stats/dau?from=', 'from', 'invalid_date'],
    ['/stats/dau?from=2024-03-02&to=2024-03-01', 'from', 'from_after_to'],
    ['/stats/dau?from=2024-04-01', 'from', 'from_after_to'],
    ['/stats/dau?from=2010-01-01&to=2020-12-31', 'from', 'range_too_long'],
    ['/stats/dau?from=2010-01-01', 'from', 'range_too_long'],
    ['/stats/dau?from=2024-03-01&from=2024-03-02', 'from', 'repeated_parameter'],
    ['/stats/dau?timezone=Mars/Olympus', 'timezone', 'unknown_timezone'],
    ['/stats/dau?timezone=%2B01:00', 'timezone', 'unknown_timezone'],
    ['/stats/dau?as_of=2024-03-12', 'as_of', 'invalid_timestamp'],
    ['/stats/dau?as_of=2024-03-12T18:00:00+01:00', 'as_of', 'invalid_timestamp'],
    ['/stats/dau?event_type=', 'event_type', 'too_short'],
    [`/stats/dau?event_type=${'x'.repeat(129)}`, 'event_type', 'too_long'],
    ['/stats/dau?event_type=%00', 'event_type', 'nul_character'],
    ['/stats/active-users', 'period', 'required'],
    ['/stats/active-users?period=year', 'period', 'invalid_value'],
    ['/stats/top-events?limit=0', 'limit', 'out_of_range'],
    ['/stats/top-events?limit=1001', 'limit', 'out_of_range'],
    ['/stats/top-events?limit=1.5', 'limit', 'invalid_integer'],
    ['/stats/top-events?event_type=view', 'event_type', 'unknown_parameter'],
    ['/stats/retention?window_type=daily&windows=1', 'start_date', 'required'],
    ['/stats/retention?start_date=2024-03-10&windows=1', 'window_type', 'required'],
    ['/stats/retention?start_date=2024-03-10&window_type=daily', 'windows', 'required'],
    ['/stats/retention?start_date=2024-03-10&window_type=hourly&windows=1', 'window_type', 'invalid_value'],
    ['/stats/retention?start_date=2024-03-10&window_type=daily&windows=0', 'windows', 'out_of_range'],
    ['/stats/retention?start_date=2024-03-10&window_type=daily&windows=367', 'windows', 'out_of_range'],
    ['/stats/retention?start_date=2024-03-10&window_type=weekly&windows=105', 'windows', 'out_of_range'],
    ['/stats/retention?start_date=2024-03-01&window_type=monthly&windows=61', 'windows', 'out_of_range'],
    [
      '/stats/retention?start_date=2024-03-10&window_type=daily&windows=1&cohorts=367',
      'cohorts',
      'out_of_range',
    ],
    [
      '/stats/retention?start_date=2024-03-10&window_type=monthly&windows=1',
      'start_date',
      'not_first_of_month',
    ],
    [
      '/stats/retention?start_date=2024-03-10&window_type=daily&windows=1&mode=rolling',
      'mode',
      'invalid_value',
    ],
  ])('refuses %s and names the parameter and the rule', async (path, parameter, code) => {
    const { body, headers } = await stats.get(path).expect(422);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({
      status: 422,
      code: 'invalid_parameters',
      errors: [{ path: parameter, code }],
    });
    expect(body.errors[0].message).toContain(parameter);
    expect(body.request_id).toBe(headers['x-request-id']);
  });

  it('lists everything that is wrong at once', async () => {
    const { body } = await stats
      .get('/stats/retention?start_date=x&window_type=y&windows=z&more=1')
      .expect(422);
    expect(body.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      'more',
      'start_date',
      'window_type',
      'windows',
    ]);
  });

  it('takes the widest that is allowed', async () => {
    const widest = '/stats/retention?start_date=2023-01-01&window_type=daily&windows=366&cohorts=366';
    const { body } = await stats.get(widest).expect(200);
    expect(body.cohorts).toHaveLength(366);
    expect(body.cohorts[0].retained).toHaveLength(367);
    expect((await get<DauResponse>('/stats/dau?from=2014-03-05&to=2024-03-11')).days).toHaveLength(3_660);
    await stats.get('/stats/dau?from=2014-03-05&to=2024-03-12').expect(422);
  });
});
