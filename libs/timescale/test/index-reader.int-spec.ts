import { addDays } from '@event-analytics/calendar';
import type { AcceptedEvent } from '@event-analytics/event-schema';
import { loadUserSets } from '@event-analytics/user-sets';
import { createStatistics } from '../src/statistics.js';
import { createFoldMemory, foldActivityLog } from '../src/indexer/fold.js';
import { ensureIndexes } from '../src/indexer/indexes.js';
import { writeEvents, type RetentionQuery } from '../src/index.js';
import { createRandom, event } from './event-makers.js';
import { createModel } from './statistics-model.js';
import { openDatabase, storages } from './test-database.js';

const seed = Number(process.env.EA_TEST_SEED ?? Date.now() % 1_000_000);
const HOUR_MS = 3_600_000;
const AT = '2024-03-10T07:00:00Z';
const ZONES = ['UTC', 'America/New_York', 'Asia/Kathmandu'];
const TYPES = ['view', 'View', 'buy', 'ébène', '𝒳', '￿'];
const ROUNDS = 25;

describe.each(storages)(`statistics from the index on %s (seed ${seed})`, (storage) => {
  const random = createRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;

  function randomEvent(n: number): AcceptedEvent {
    const spreadMs = pick([3, 30, 60 * 24, 400 * 24]) * HOUR_MS;
    const ms = Date.parse(AT) + Math.round((random() - 0.5) * 2 * spreadMs);
    return event(n, {
      user_id: `user ${below(60)}`,
      event_type: pick(TYPES),
      occurred_at: new Date(pick([ms, Math.round(ms / HOUR_MS) * HOUR_MS - below(2)])).toISOString(),
    });
  }
  const near = () => addDays(AT.slice(0, 10), below(40) - 20);

  it.each([
    ['remembering everything', 64 * 1024 * 1024],
    ['remembering next to nothing', 4_000],
    ['remembering nothing', 1],
  ])('equal a model after every fold, %s', async (_name, cacheBytesMax) => {
    const opened = await openDatabase(storage);
    const userSets = await loadUserSets(pick(['native', 'portable'] as const));
    const statistics = createStatistics({
      db: opened.db,
      userSets,
      cacheBytesMax,
      statementTimeoutMs: 10_000,
    });
    try {
      await ensureIndexes(opened.db, ZONES);
      const memory = createFoldMemory(userSets);
      const stored: AcceptedEvent[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const added = Array.from({ length: pick([1, 5, 200]) }, (_, i) => randomEvent(stored.length + i));
        stored.push(...added);
        await writeEvents(opened.db, added);
        for (const historical of [false, true]) {
          await foldActivityLog(opened.db, memory, { historical, entriesMax: 10_000 });
        }
        const model = createModel(stored);
        for (let n = 0; n < 12; n++) {
          const zone = pick(ZONES);
          const eventType = pick([undefined, undefined, ...TYPES, 'never']);
          const from = near();
          const period = pick(['day', 'day', 'week', 'month'] as const);
          const active = { zone, period, from, to: addDays(from, below(20)), eventType };
          const periods = await statistics.periodActiveUsers(active);
          expect(periods.source).toBe('index');
          expect({ active, value: periods.value.map((p) => p.activeUsers) }).toEqual({
            active,
            value: periods.value.map((p) => model.activeUsers(active, p.start, p.end)),
          });
          const top = { zone, from, to: addDays(from, below(20) - 1), limit: 1 + below(8) };
          expect({ top, value: (await statistics.topEvents(top)).value }).toEqual({
            top,
            value: model.topEvents(top),
          });
          const windowType = pick(['daily', 'weekly', 'monthly'] as const);
          const q: RetentionQuery = {
            zone,
            windowType,
            startDate: windowType === 'monthly' ? `${addDays(from, -60).slice(0, 7)}-01` : from,
            windows: 1 + below(8),
            cohorts: 1 + below(8),
            mode: pick(['classic', 'unbounded']),
            bornEvent: pick([undefined, undefined, ...TYPES]),
            returnEvent: pick([undefined, undefined, ...TYPES]),
          };
          expect({ q, value: (await statistics.retention(q)).value }).toEqual({ q, value: model.retention(q) });
        }
      }
      const { cachedBytes, hits, loads, direct } = statistics.figures();
      process.stdout.write(JSON.stringify(statistics.figures()) + '\n');
      expect(cachedBytes).toBeLessThanOrEqual(cacheBytesMax);
      expect(hits + loads + direct).toBeGreaterThan(0);
    } finally {
      statistics.close();
      await opened.close();
    }
  });
});
