import { createEventModel, distinctEvents, type ModelEvent } from '../src/event-model.js';
import { createRandom } from '@event-analytics/testkit';
import { eventually, getJson, postEvents, startSystem, type System } from '@event-analytics/testkit';

/**
 * Thousands of random events through HTTP, stream and database: repeated, late, out of order, and
 * crowded around the days on which clocks change. Every endpoint must say what the model says.
 */
const SEED = Number(process.env['MODEL_SEED'] ?? 20240310);
const EVENTS = 4_000;
const USERS = 150;
const TYPES = ['signup', 'page_view', 'purchase', 'zażółć 🙂', 'Zeta', 'a,b\\c'];
/** A day short, a day long, a date that goes back (St John's 2006), a date that isn't (Apia). */
const FOCUS = [
  '2024-03-10',
  '2024-03-31',
  '2024-10-27',
  '2024-11-03',
  '2006-10-29',
  '2011-12-30',
  '2024-02-29',
];
const ZONES = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'America/St_Johns',
  'Pacific/Apia',
  'Asia/Kathmandu',
];
const AS_OF = '2024-04-02T12:34:56Z';

const random = createRandom(SEED);

function randomEvent(): ModelEvent {
  const focus = Date.parse(`${random.pick(FOCUS)}T12:00:00Z`);
  // Three in four within a week of a focus day, to the minute around midnights; the rest over years.
  const spreadMs = random.below(4) > 0 ? 7 * 86_400_000 : 400 * 86_400_000;
  const instantMs = focus + random.below(2 * spreadMs) - spreadMs;
  return {
    event_id: random.uuid(),
    user_id: `user-${String(Math.floor(USERS * random.fraction() ** 2))}`,
    event_type: random.pick(TYPES),
    occurred_at: new Date(Math.min(instantMs, Date.parse('2026-01-01'))).toISOString(),
  };
}

describe(`a random history, seed ${String(SEED)} (MODEL_SEED repeats it)`, () => {
  let system: System;
  let stored: ModelEvent[];

  beforeAll(async () => {
    system = await startSystem({ env: { REPORTING_TIMEZONES: ZONES.join(',') } });
    const fresh = Array.from({ length: EVENTS }, randomEvent);
    const repeats = Array.from({ length: EVENTS / 4 }, () => random.pick(fresh));
    const sent = random.shuffle([...fresh, ...repeats]);
    stored = distinctEvents(fresh);

    let accepted = 0;
    let duplicates = 0;
    for (let at = 0; at < sent.length; at += 250) {
      const answer = await postEvents(system.gateway.url, sent.slice(at, at + 250));
      expect(answer.status).toBe(202);
      accepted += Number(answer.body['accepted']);
      duplicates += Number(answer.body['duplicates']);
    }
    // One client, one batch after another: Redis knows every repeat.
    expect({ accepted, duplicates }).toEqual({
      accepted: stored.length,
      duplicates: sent.length - stored.length,
    });
    await eventually(
      'every event in the statistics',
      30_000,
      () => countAll(system),
      (count) => count === stored.length,
    );
  });

  afterAll(async () => {
    await system.stop();
  });

  describe.each(ZONES)('in %s', (zone) => {
    const model = () => createEventModel(stored, zone, AS_OF);
    const ask = (path: string, query: Record<string, string | number | undefined>) =>
      getJson(system.stats.url, path, { timezone: zone, as_of: AS_OF, ...query });

    test.each([
      ['2024-02-20', '2024-04-10', undefined],
      ['2006-10-01', '2006-11-15', 'page_view'],
      ['2011-12-15', '2012-01-15', undefined],
      ['2015-05-01', '2015-05-03', undefined],
    ])('daily active users %s to %s, type %s', async (from, to, event_type) => {
      expect(await ask('/stats/dau', { from, to, event_type })).toEqual({
        from,
        to,
        timezone: zone,
        days: model().dau(from, to, event_type),
      });
    });

    test.each([
      ['day', '2011-12-28', '2012-01-02', undefined],
      ['week', '2024-02-28', '2024-04-04', undefined],
      ['week', '2006-10-20', '2006-11-10', 'purchase'],
      ['month', '2023-11-15', '2024-12-01', undefined],
    ] as const)('active users by %s, %s to %s, type %s', async (period, from, to, event_type) => {
      expect(await ask('/stats/active-users', { period, from, to, event_type })).toEqual({
        from,
        to,
        timezone: zone,
        period,
        periods: model().activeUsers(period, from, to, event_type),
      });
    });

    test.each([
      ['2024-03-10', '2024-03-10', 10],
      ['2005-01-01', '2014-12-31', 3],
      ['2024-02-01', '2024-12-31', 100],
    ])('top events %s to %s, limit %i', async (from, to, limit) => {
      expect(await ask('/stats/top-events', { from, to, limit })).toEqual({
        from,
        to,
        timezone: zone,
        events: model().topEvents(from, to, limit),
      });
    });

    test.each([
      ['2024-02-25', '2024-04-10', undefined],
      ['2006-10-28', '2006-12-15', 'page_view'],
      ['2011-12-29', '2012-01-31', undefined],
      ['2015-05-01', '2015-05-03', 'none'],
    ])('stickiness %s to %s, type %s', async (from, to, event_type) => {
      expect(await ask('/stats/stickiness', { from, to, event_type })).toEqual({
        from,
        to,
        timezone: zone,
        ...model().stickiness(from, to, event_type),
      });
    });

    test.each([
      ['2024-02-01', '2024-12-31', ['signup', 'page_view', 'purchase']],
      ['2024-03-08', '2024-03-12', ['zażółć 🙂', 'a,b\\c']],
      ['2006-10-28', '2006-10-29', ['Zeta', 'signup', 'page_view']],
      ['2011-12-25', '2012-01-05', ['purchase', 'a,b\\c', 'Zeta', 'signup', 'page_view', 'zażółć 🙂']],
      ['2024-03-20', '2024-04-02', ['page_view', 'none', 'purchase']],
    ])('funnel %s to %s, %j', async (from, to, steps) => {
      const escaped = steps.map((step) => step.replaceAll(/[,\\]/g, (special) => `\\${special}`));
      expect(await ask('/stats/funnel', { steps: escaped.join(','), from, to })).toEqual({
        from,
        to,
        timezone: zone,
        ...model().funnel(steps, from, to),
      });
    });

    test.each([
      { from: '2024-02-20', to: '2024-04-10', interval: 'day', limit: 3 },
      { from: '2006-10-01', to: '2006-11-15', interval: 'day', event_type: 'a,b\\c' },
      { from: '2011-12-28', to: '2012-01-02', interval: 'day' },
      { from: '2024-03-09', to: '2024-03-11', interval: 'hour' },
      { from: '2024-10-26', to: '2024-11-04', interval: 'hour', limit: 2 },
      { from: '2006-10-28', to: '2006-10-28', interval: 'hour' },
      { from: '2006-10-27', to: '2006-10-31', interval: 'hour', event_type: 'page_view' },
      { from: '2011-12-29', to: '2011-12-31', interval: 'hour', limit: 100 },
      { from: '2024-04-01', to: '2024-04-03', interval: 'hour', event_type: 'none' },
    ] as const)('event counts %j', async (question) => {
      const { from, to, interval } = question;
      expect(await ask('/stats/event-counts', question)).toEqual({
        from,
        to,
        timezone: zone,
        interval,
        ...model().eventCounts(question),
      });
    });

    const questions = [
      { start_date: '2024-03-05', window_type: 'daily', windows: 14, cohorts: 10 },
      { start_date: '2024-02-07', window_type: 'weekly', windows: 10, cohorts: 12 },
      { start_date: '2023-10-01', window_type: 'monthly', windows: 8, cohorts: 5 },
      { start_date: '2006-10-01', window_type: 'weekly', windows: 6, cohorts: 6, born_event: 'signup' },
      { start_date: '2011-12-27', window_type: 'daily', windows: 7, cohorts: 7, return_event: 'purchase' },
      {
        start_date: '2005-06-01',
        window_type: 'monthly',
        windows: 3,
        cohorts: 24,
        born_event: 'page_view',
        return_event: 'Zeta',
      },
    ] as const;

    describe.each(['classic', 'unbounded'] as const)('retention, %s', (mode) => {
      test.each(questions)('$window_type from $start_date', async (question) => {
        const expected = model().retention({ ...question, mode });
        const answer = await ask('/stats/retention', { ...question, mode });
        expect(answer).toEqual({
          start_date: question.start_date,
          window_type: question.window_type,
          windows: question.windows,
          mode,
          timezone: zone,
          as_of: expect.any(String),
          ...expected,
        });
      });
    });
  });
});

async function countAll(system: System): Promise<number> {
  // A range is at most 3,660 days, so two halves.
  const halves = await Promise.all(
    [
      { from: '2004-01-01', to: '2013-12-31' },
      { from: '2014-01-01', to: '2023-12-31' },
      { from: '2024-01-01', to: '2027-12-31' },
    ].map((range) =>
      getJson(system.stats.url, '/stats/top-events', { ...range, limit: 1000, timezone: 'UTC' }),
    ),
  );
  return halves
    .flatMap((half) => (half as { events: { count: number }[] }).events)
    .reduce((sum, e) => sum + e.count, 0);
}
