import {
  ConfigError,
  createLogger,
  createMetrics,
  exitWithLine,
  runService,
} from '@event-analytics/service-kit';
import { checkDatabase, connectDatabase } from '@event-analytics/timescale';
import { setTimeout as sleep } from 'node:timers/promises';

import { createStatsApp } from './app.js';
import { readConfig } from './config.js';
import { databaseHealth } from './database-health.js';
import { migrateOnStart } from './migrate-on-start.js';

const SERVICE = 'stats-api';
const HEALTH_TIMEOUT_MS = 1_500;
/** Statistics that may wait for each connection. */
const QUEUED_PER_CONNECTION = 25;
const CLOSE_SECONDS = 1;

const config = readConfigOrExit();
const log = createLogger({ service: SERVICE, level: config.LOG_LEVEL });
const stopping = new AbortController();

const db = connectDatabase({
  url: config.databaseUrl,
  applicationName: SERVICE,
  maxConnections: config.DATABASE_POOL,
});
// Health and migrations must not queue behind statistics, nor behind each other.
const upkeep = connectDatabase({
  url: config.databaseUrl,
  applicationName: `${SERVICE}-upkeep`,
  maxConnections: 2,
});

const app = createStatsApp({
  db,
  log,
  metrics: createMetrics({ service: SERVICE }),
  healthChecks: [databaseHealth(() => checkDatabase(upkeep, { timeoutMs: HEALTH_TIMEOUT_MS }))],
  clock: Date.now,
  ready: () => !stopping.signal.aborted,
  apiKeys: config.apiKeys,
  trustProxy: config.TRUST_PROXY,
  defaultZone: config.defaultZone,
  statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
  queriesMax: config.DATABASE_POOL * (1 + QUEUED_PER_CONNECTION),
});

await runService({
  app,
  host: config.HOST,
  port: config.PORT,
  log,
  shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  onStopping: () => {
    stopping.abort();
  },
  onShutdown: async () => {
    await Promise.all([db, upkeep].map((pool) => pool.end({ timeout: CLOSE_SECONDS })));
  },
});

if (config.MIGRATE_ON_START) {
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  await migrateOnStart({ db: upkeep, log, pause, signal }).catch((error: unknown) =>
    exitWithLine(
      `the database cannot be migrated: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
}

function readConfigOrExit(): ReturnType<typeof readConfig> {
  try {
    return readConfig();
  } catch (error) {
    if (error instanceof ConfigError) exitWithLine(error.message);
    throw error;
  }
}
