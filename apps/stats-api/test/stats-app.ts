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
} from '@event-analytics/timescale';
import { loadUserSets } from '@event-analytics/user-sets';
import request from 'supertest';

import { createStatsApp, type StatsAppOptions } from '../src/app.js';
import { databaseHealth } from '../src/database-health.js';
import { indexHealth } from '../src/index-health.js';

export const connect = (url: string): Database =>
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
  statementTimeoutMs?: number;
  /** Zones that have an index, which `store` keeps up. */
  indexed?: readonly string[];
}

/** The application on a migrated database of its own. */
export async function startStatsTest(o: StatsTestOptions = {}): Promise<StatsTest> {
  const { apiKeys = '', databaseUrl, statementTimeoutMs = 10_000, indexed = [], ...options } = o;
  const database = await createTestDatabase({
    template: 'migrated',
    prepare: async (url) => {
      const empty = connect(url);
      await migrate(empty);
      await empty.end({ timeout: 5 });
    },
  });
  const url = databaseUrl ?? database.url;
  const db = connect(url);
  const metrics = createMetrics({ service: 'stats-api' });
  const zones = options.zones ?? ['UTC'];
  const userSets = await loadUserSets();
  const statistics = createStatistics({ db, userSets, cacheBytesMax: 1_000_000, statementTimeoutMs });
  const memory = createFoldMemory(userSets, 1_000);
  if (indexed.length > 0) await ensureIndexes(db, indexed);
  const app = createStatsApp({
    statistics,
    metrics,
    healthChecks: [
      databaseHealth(() => checkDatabase(db, { timeoutMs: 1_000 })),
      indexHealth(zones, () => listIndexedZones(db, { timeoutMs: 1_000 })),
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
    get: (path, headers = {}) => request(app).get(path).set(headers),
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
      await db.end({ timeout: 5 });
      await database.drop();
    },
  };
}
