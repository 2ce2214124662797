import { addDays, eventIntervals } from '@event-analytics/calendar';
import type { AcceptedEvent } from '@event-analytics/event-schema';
import { loadUserSets } from '@event-analytics/user-sets';
import {
  requestReindex,
  sealStep,
  createFoldMemory,
  writeEvents,
  type RetentionQuery,
} from '../src/index.js';
import { createRandom, event } from './event-makers.js';
import { openIndexedDatabase } from './indexed-database.js';
import { createModel } from './statistics-model.js';
import { storages } from './test-database.js';

const seed = Number(process.env.EA_TEST_SEED ?? Date.now() % 1_000_000);
const HOUR_MS = 3_600_000;
const AT = '2024-03-10T07:00:00Z';
const ZONES = ['UTC', 'America/New_York', 'Asia/Kathmandu'];
const TYPES = ['view', 'View', 'buy', 'ébène', '𝒳', '￿'];
const ROUNDS = 24;
const QUESTIONS_PER_ROUND = 6;

describe.each(storages)(`statistics from the index on %s (seed ${seed})`, (storage) => {
  const random = createRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const near = () => addDays(AT.slice(0, 10), below(40) - 20);

  function randomEvent(n: number): AcceptedEvent {
    const spreadMs = pick([3, 30, 60 * 24, 400 * 24]) * HOUR_MS;
    const ms = Date.parse(AT) + Math.round((random() - 0.5) * 2 * spreadMs);
    return event(n, {
      user_id: `user ${below(60)}`,
      event_type: pick(TYPES),
      occurred_at: new Date(pick([ms, Math.round(ms / HOUR_MS) * HOUR_MS - below(2)])).toISOString(),
    });
  }

  it.each([
    ['remembering everything', 'auto', 64 * 1024 * 1024],
    ['remembering everything, portably', 'portable', 64 * 1024 * 1024],
    ['remembering next to nothing', 'auto', 30_000],
    ['remembering nothing', 'portable', 1],
  ] as const)('equal a model whatever is done between, %s', async (_name, kind, cacheBytesMax) => {
    const index = await openIndexedDatabase(storage, await loadUserSets(kind), ZONES);
    const statistics = index.statistics({ cacheBytesMax });
    const stored: AcceptedEvent[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const added = Array.from({ length: pick([1, 5, 200]) }, (_, i) => randomEvent(stored.length + i));
        stored.push(...added);
        await writeEvents(index.db, added);
        if (round === 8) await requestReindex(index.db);
        if (round === 10) await index.build();
        if (round > 10)
          await sealStep(index.db, createFoldMemory(index.userSets), Date.now(), { typesMax: 3 });
        await index.fold();
        await ask();
      }
      const { cachedBytes } = statistics.figures();
      expect(cachedBytes).toBeLessThanOrEqual(cacheBytesMax);
    } finally {
      await index.close();
    }

    async function ask(): Promise<void> {
      const model = createModel(stored);
      /** Of the index, and right. */
      const check = async <T>(
        q: object,
        answer: Promise<{ value: T; source: string }>,
        expected: (value: T) => unknown,
      ) => {
        const { value, source } = await answer;
        expect({ q, source, value }).toEqual({ q, source: 'index', value: expected(value) });
      };
      for (let n = 0; n < QUESTIONS_PER_ROUND; n++) {
        const zone = pick(ZONES);
        const eventType = pick([undefined, undefined, ...TYPES, 'never']);
        const from = near();
        const to = addDays(from, below(20));

        const active = { zone, period: pick(['day', 'day', 'week', 'month'] as const), from, to, eventType };
        await check(active, statistics.periodActiveUsers(active), (periods) =>
          periods.map((p) => ({ ...p, activeUsers: model.activeUsers(active, p.start, p.end) })),
        );
        const top = { zone, from, to, limit: 1 + below(8) };
        await check(top, statistics.topEvents(top), () => model.topEvents(top));
        const windowType = pick(['daily', 'weekly', 'monthly'] as const);
        const returning: RetentionQuery = {
          zone,
          windowType,
          startDate: windowType === 'monthly' ? `${addDays(from, -60).slice(0, 7)}-01` : from,
          windows: 1 + below(8),
          cohorts: 1 + below(8),
          mode: pick(['classic', 'unbounded']),
          bornEvent: pick([undefined, undefined, ...TYPES]),
          returnEvent: pick([undefined, undefined, ...TYPES]),
        };
        await check(returning, statistics.retention(returning), () => model.retention(returning));
        const sticky = { zone, from, to, eventType };
        await check(sticky, statistics.stickiness(sticky), () => model.stickiness(sticky));
        const first = below(4);
        const steps = { zone, from, to, steps: [...TYPES, 'never'].slice(first, first + 2 + below(3)) };
        await check(steps, statistics.funnel(steps), () => model.funnel(steps));
        const interval = pick(['hour', 'day'] as const);
        const counts = { zone, from, to, interval, eventType, limit: 1 + below(8) };
        const labels = eventIntervals(zone, from, to, interval).map(({ label }) => label);
        await check(counts, statistics.eventCounts(counts), () => model.eventCounts(counts, labels));
      }
    }
  });
});
