import { addDays, addMonths, eventIntervals } from '@event-analytics/calendar';
import type { AcceptedEvent } from '@event-analytics/event-schema';
import {
  eventCounts,
  funnel,
  periodActiveUsers,
  recountTotals,
  retention,
  stickiness,
  topEvents,
  writeEvents,
  type RetentionQuery,
} from '../src/index.js';
import { createRandom, event } from './event-makers.js';
import { createModel } from './statistics-model.js';
import { openDatabase, storages, type OpenedDatabase } from './test-database.js';

const seed = Number(process.env.EA_TEST_SEED ?? Date.now() % 1_000_000);
const HOUR_MS = 3_600_000;
const EVENTS = 6_000;
const QUERIES_PER_ZONE = 40;

/** Moments when a calendar does something odd, and the zones that see it. */
const ODD = [
  { zone: 'America/St_Johns', at: '2007-11-04T02:31:00Z' }, // 00:01 → 23:01, the date goes back
  { zone: 'Antarctica/Casey', at: '2010-03-04T15:00:00Z' }, // 02:00 → 23:00, the date goes back
  { zone: 'Pacific/Apia', at: '2011-12-30T10:00:00Z' }, // a day is skipped
  { zone: 'America/Sao_Paulo', at: '2018-11-04T03:00:00Z' }, // a day without midnight
  { zone: 'America/New_York', at: '2024-03-10T07:00:00Z' },
  { zone: 'Australia/Lord_Howe', at: '2024-10-05T15:30:00Z' }, // half an hour
  { zone: 'UTC', at: '2024-12-31T23:59:59Z' },
  { zone: 'Asia/Kathmandu', at: '2024-06-01T00:00:00Z' }, // +05:45
];
const USERS = ['', 'b', 'B', 'ä', '𝒳', '￿', 'a b', "o'b", '{x,"y"}', 'NULL'];
const TYPES = ['view', 'View', 'buy', 'ébène', 'zebra', '𝒳', '￿', 'a,"b"'];

describe.each(storages)(`random events against a model on %s (seed ${seed})`, (storage) => {
  const random = createRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  let opened: OpenedDatabase;
  let model: ReturnType<typeof createModel>;

  function randomEvent(n: number): AcceptedEvent {
    const { at } = pick(ODD);
    // Half within 3 hours of the odd moment, some exactly at it or at full hours around; others within 60 days.
    const spreadMs = pick([3 * HOUR_MS, 3 * HOUR_MS, 30 * HOUR_MS, 60 * 24 * HOUR_MS]);
    const ms = Date.parse(at) + Math.round((random() - 0.5) * 2 * spreadMs);
    const exact = pick([ms, ms, Math.round(ms / HOUR_MS) * HOUR_MS - below(2), Date.parse(at) - below(2)]);
    return event(n, {
      user_id: `${pick(USERS)}${below(25)}`,
      event_type: pick(TYPES),
      occurred_at: new Date(exact).toISOString(),
    });
  }

  beforeAll(async () => {
    opened = await openDatabase(storage);
    const all = Array.from({ length: EVENTS }, (_, n) => randomEvent(n));
    model = createModel(all);
    // Late and repeated: in random order, every batch overlaps with others, four at once.
    const shuffled = all
      .map((e) => ({ e, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ e }) => e);
    const batches: AcceptedEvent[][] = [];
    for (let at = 0; at < EVENTS; at += 300)
      batches.push(shuffled.slice(Math.max(0, at - below(200)), at + 300));
    const writers = Array.from({ length: 4 }, async () => {
      for (let batch = batches.pop(); batch; batch = batches.pop()) await writeEvents(opened.db, batch);
    });
    await Promise.all(writers);
  });
  afterAll(() => opened.close());

  it('stored each once, and the log agrees', async () => {
    expect(await recountTotals(opened.db)).toMatchObject({
      rows: EVENTS,
      distinctKeys: EVENTS,
      logEvents: EVENTS,
      activityDifferences: 0,
    });
  });

  describe.each(ODD)('$zone around $at', ({ zone, at }) => {
    const near = () => addDays(at.slice(0, 10), below(13) - 6);

    it('active users by day, week and month', async () => {
      for (let i = 0; i < QUERIES_PER_ZONE; i++) {
        const from = near();
        const q = { zone, from, to: addDays(from, below(20)), eventType: pick([undefined, ...TYPES]) };
        const period = pick(['day', 'day', 'week', 'month'] as const);
        const periods = await periodActiveUsers(opened.db, { ...q, period });
        const expected = periods.map((p) => ({ ...p, activeUsers: model.activeUsers(q, p.start, p.end) }));
        expect({ q, period, periods }).toEqual({ q, period, periods: expected });
      }
    });

    it('top events', async () => {
      for (let i = 0; i < QUERIES_PER_ZONE; i++) {
        const from = near();
        const q = { zone, from, to: addDays(from, below(10)), limit: 1 + below(10) };
        expect({ q, events: await topEvents(opened.db, q) }).toEqual({ q, events: model.topEvents(q) });
      }
    });

    it('stickiness', async () => {
      for (let i = 0; i < QUERIES_PER_ZONE; i++) {
        // Also where the month before begins at the odd moment, and where nobody is left of it.
        const from = addDays(near(), pick([0, 29, below(100)]));
        const q = { zone, from, to: addDays(from, below(45)), eventType: pick([undefined, ...TYPES]) };
        expect({ q, days: await stickiness(opened.db, q) }).toEqual({ q, days: model.stickiness(q) });
      }
    });

    it('funnels', async () => {
      for (let i = 0; i < QUERIES_PER_ZONE; i++) {
        const from = near();
        const steps = TYPES.map((type) => ({ type, key: random() }))
          .sort((a, b) => a.key - b.key)
          .slice(0, 2 + below(TYPES.length - 1))
          .map(({ type }) => type);
        const q = { zone, from, to: addDays(from, pick([0, 1, below(10), below(60)])), steps };
        expect({ q, users: await funnel(opened.db, q) }).toEqual({ q, users: model.funnel(q) });
      }
    });

    it.each(['hour', 'day'] as const)('events by %s', async (interval) => {
      for (let i = 0; i < QUERIES_PER_ZONE; i++) {
        const from = near();
        const q = {
          zone,
          interval,
          from,
          to: addDays(from, below(8)),
          eventType: pick([undefined, undefined, 'none of these', ...TYPES]),
          limit: 1 + below(10),
        };
        const labels = eventIntervals(zone, q.from, q.to, interval).map(({ label }) => label);
        expect({ q, counts: await eventCounts(opened.db, q) }).toEqual({
          q,
          counts: model.eventCounts(q, labels),
        });
      }
    });

    it('retention in all modes', async () => {
      for (let i = 0; i < QUERIES_PER_ZONE; i++) {
        const windowType = pick(['daily', 'daily', 'weekly', 'monthly'] as const);
        const q: RetentionQuery = {
          zone,
          windowType,
          startDate:
            windowType === 'monthly' ? `${addMonths(at.slice(0, 10), -below(3)).slice(0, 7)}-01` : near(),
          windows: 1 + below(8),
          cohorts: 1 + below(8),
          mode: pick(['classic', 'unbounded']),
          bornEvent: pick([undefined, undefined, ...TYPES]),
          returnEvent: pick([undefined, undefined, ...TYPES]),
        };
        expect({ q, cohorts: await retention(opened.db, q) }).toEqual({ q, cohorts: model.retention(q) });
      }
    });
  });
});
