import { randomUUID } from 'node:crypto';
import { createLogger, createMetrics, parseApiKeys, type Metrics } from '@event-analytics/service-kit';
import { createTestDatabase } from '@event-analytics/testkit';
import {
  checkDatabase,
  connectDatabase,
  migrate,
  writeEvents,
  type Database,
} from '@event-analytics/timescale';
import request from 'supertest';

import { createStatsApp, type StatsAppOptions } from '../src/app.js';
import { databaseHealth } from '../src/database-health.js';

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

/** The application on a migrated database of its own. */
export async function startStatsTest(
  o: Partial<Omit<StatsAppOptions, 'apiKeys'>> & { apiKeys?: string; databaseUrl?: string } = {},
): Promise<StatsTest> {
  const database = await createTestDatabase({
    template: 'migrated',
    prepare: async (url) => {
      const empty = connect(url);
      await migrate(empty);
      await empty.end({ timeout: 5 });
    },
  });
  const url = o.databaseUrl ?? database.url;
  const db = connect(url);
  const metrics = createMetrics({ service: 'stats-api' });
  const app = createStatsApp({
    db,
    metrics,
    healthChecks: [databaseHealth(() => checkDatabase(db, { timeoutMs: 1_000 }))],
    log: createLogger({ service: 'stats-api', level: 'error' }),
    clock: Date.now,
    trustProxy: 0,
    defaultZone: 'UTC',
    statementTimeoutMs: 10_000,
    queriesMax: 100,
    ...o,
    apiKeys: parseApiKeys(o.apiKeys ?? ''),
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
    },
    close: async () => {
      await db.end({ timeout: 5 });
      await database.drop();
    },
  };
}
