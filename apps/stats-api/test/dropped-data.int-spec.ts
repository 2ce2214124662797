import { startStatsTest, type StatsTest } from './stats-app.js';

const TOKYO = 'timezone=Asia/Tokyo';

describe('after raw events were dropped', () => {
  let stats: StatsTest;
  beforeAll(async () => {
    stats = await startStatsTest({ clock: () => Date.parse('2024-03-12T18:00:00Z'), indexed: ['UTC'] });
    await stats.store([
      ['a', '2024-02-10T12:00:00Z'],
      ['a', '2024-03-11T12:00:00Z'],
    ]);
    await stats.db.run(
      (sql) => sql`UPDATE event_storage SET retained_from = '2024-03-01T00:00:00Z'::timestamptz`,
    );
  });
  afterAll(() => stats.close());

  it.each([
    [`/stats/dau?from=2024-02-29&${TOKYO}`, 'from'],
    [`/stats/active-users?period=month&${TOKYO}`, 'from'],
    [`/stats/top-events?${TOKYO}`, 'from'],
    [`/stats/stickiness?from=2024-03-11&${TOKYO}`, 'from'],
    [`/stats/funnel?steps=a,b&${TOKYO}`, 'from'],
    // Who is new is a question to everything there ever was.
    [`/stats/retention?start_date=2024-03-11&window_type=daily&windows=1&${TOKYO}`, 'start_date'],
  ])('refuses %s, which would have to be computed from them', async (path, parameter) => {
    const { body } = await stats.get(path).expect(422);
    expect(body).toMatchObject({
      code: 'invalid_parameters',
      errors: [{ path: parameter, code: 'raw_data_dropped' }],
    });
    expect(body.errors[0].message).toMatch(/2024-03-01.*UTC/);
  });

  it('answers what needs none of them, and every question to the index', async () => {
    await stats.get(`/stats/dau?from=2024-03-02&${TOKYO}`).expect(200);
    const { body } = await stats.get('/stats/dau?from=2024-02-10&to=2024-02-10').expect(200);
    expect(body.days).toMatchObject([{ active_users: 1 }]);
    const path = '/stats/retention?start_date=2024-03-11&window_type=daily&windows=1';
    expect((await stats.get(path).expect(200)).body.cohorts).toMatchObject([{ size: 0 }]);
  });
});
