import { randomUUID } from 'node:crypto';
import { createLogger, createMetrics, parseApiKeys, type Metrics } from '@event-analytics/service-kit';
import { createTestDatabase } from '@event-analytics/testkit';
import {
  checkDatabase,
  connectDatabase,
  createFoldMemory,
  createStatistics,
  ensureIndexes,
  foldActivityLog,
  listIndexedZones,
  migrate,
  writeEvents,
  type Database,
  type DatabasePool,
} from '@event-analytics/timescale';
import { loadUserSets } from '@event-analytics/user-sets';
import request from 'supertest';

import { createStatsApp, type StatsAppOptions } from '../src/app.js';
import { createDatabaseBreaker } from '../src/database-breaker.js';
import { databaseHealth } from '../src/database-health.js';
import { indexHealth } from '../src/index-health.js';

export const connect = (url: string): DatabasePool =>
  connectDatabase({ url, applicationName: 'test', maxConnections: 4 });

export interface StatsTest {
  db: Database;
  url: string;
  get: (path: string, headers?: Record<string, string>) => request.Test;
  store: (events: [user: string, occurredAt: string, type?: string][]) => Promise<void>;
  metrics: Metrics;
  close: () => Promise<void>;
}

interface StatsTestOptions extends Partial<Omit<StatsAppOptions, 'apiKeys' | 'statistics'>> {
  apiKeys?: string;
  databaseUrl?: string;
  /** The way to the database; default: straight. */
  through?: (url: string) => Promise<{ url: string }>;
  statementTimeoutMs?: number;
  /** Zones that have an index, which `store` keeps up. */
  indexed?: readonly string[];
}

/** The application on a migrated database of its own. */
export async function startStatsTest(o: StatsTestOptions = {}): Promise<StatsTest> {
  const { apiKeys = '', databaseUrl, through, statementTimeoutMs = 10_000, indexed = [], ...options } = o;
  const database = await createTestDatabase({
    template: 'migrated',
    prepare: async (url) => {
      const empty = connect(url);
      await migrate(empty);
      await empty.end({ timeout: 5 });
    },
  });
  const url = databaseUrl ?? (await through?.(database.url))?.url ?? database.url;
  const db = connect(url);
  const metrics = createMetrics({ service: 'stats-api' });
  const zones = options.zones ?? ['UTC'];
  const userSets = await loadUserSets();
  const statistics = createStatistics({ db, userSets, cacheBytesMax: 1_000_000, statementTimeoutMs });
  const upkeep = connect(url);
  const breaker = createDatabaseBreaker({
    probe: () => upkeep.run((sql) => sql`SELECT 1`, { answerTimeoutMs: 1_000 }),
    onSilent: () => db.dropConnections(),
    patienceMs: 500,
    probeIntervalMs: 100,
  });
  const memory = createFoldMemory(userSets, 1_000);
  if (indexed.length > 0) await ensureIndexes(db, indexed);
  const { listener } = createStatsApp({
    statistics,
    breaker,
    metrics,
    healthChecks: [
      databaseHealth(
        () => checkDatabase(upkeep, { timeoutMs: 1_000 }),
        () => breaker.state(),
      ),
      indexHealth(zones, () => listIndexedZones(upkeep, { timeoutMs: 1_000 })),
    ],
    log: createLogger({ service: 'stats-api', level: 'error' }),
    clock: Date.now,
    trustProxy: 0,
    zones,
    queriesMax: 100,
    ...options,
    apiKeys: parseApiKeys(apiKeys),
  });
  return {
    db,
    url,
    metrics,
    get: (path, headers = {}) => request(listener).get(path).set(headers),
    store: async (events) => {
      await writeEvents(
        db,
        events.map(([user_id, occurredAt, event_type = 'view']) => ({
          event_id: randomUUID(),
          user_id,
          event_type,
          occurred_at: new Date(occurredAt).toISOString(),
          properties: {},
        })),
      );
      for (const historical of [true, false]) {
        await foldActivityLog(db, memory, { historical, entriesMax: 1_000_000 });
      }
    },
    close: async () => {
      statistics.close();
      breaker.close();
      await Promise.all([db, upkeep].map((pool) => pool.end({ timeout: 5 })));
      await database.drop();
    },
  };
}
