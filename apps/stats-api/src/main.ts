import {
  configOrExit,
  createLogger,
  createMetrics,
  exitWithLine,
  runService,
} from '@event-analytics/service-kit';
import {
  checkDatabase,
  connectDatabase,
  createStatistics,
  listIndexedZones,
  migrate,
  prepareDatabase,
} from '@event-analytics/timescale';
import { loadUserSets } from '@event-analytics/user-sets';
import { setTimeout as sleep } from 'node:timers/promises';

import { createStatsApp } from './app.js';
import { readConfig } from './config.js';
import { createDatabaseBreaker } from './database-breaker.js';
import { databaseHealth } from './database-health.js';
import { indexHealth } from './index-health.js';

const SERVICE = 'stats-api';
const HEALTH_TIMEOUT_MS = 1_500;
/** A statistic seldom takes longer; past it PostgreSQL is asked whether it is there at all. */
const PATIENCE_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;
const PROBE_INTERVAL_MS = 500;
/** Statistics that may wait for each connection. */
const QUEUED_PER_CONNECTION = 25;
const CLOSE_SECONDS = 1;

const config = configOrExit(readConfig);
const log = createLogger({ service: SERVICE, level: config.LOG_LEVEL });
const stopping = new AbortController();

const pool = {
  url: config.databaseUrl,
  maxConnections: config.DATABASE_POOL,
  statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
};
const db = connectDatabase({ ...pool, applicationName: SERVICE });
// What takes milliseconds must not queue behind what takes seconds. Each of its statements has an index for what
// it wants; a plan that was made once for all parameters would read all of the table for the little that is new.
const indexDb = connectDatabase({
  ...pool,
  applicationName: `${SERVICE}-index`,
  settings: { enable_seqscan: 'off' },
});
// Health, migrations and probes must not queue behind statistics, nor behind each other.
const upkeep = connectDatabase({
  url: config.databaseUrl,
  applicationName: `${SERVICE}-upkeep`,
  maxConnections: 3,
});

const userSets = await loadUserSets(config.USER_SETS).catch((error: unknown) =>
  exitWithLine(`USER_SETS: ${error instanceof Error ? error.message : String(error)}`),
);
log.info('user_sets_chosen', { kind: userSets.kind });
const statistics = createStatistics({
  db,
  indexDb,
  userSets,
  cacheBytesMax: config.STATS_CACHE_BYTES,
  statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
});

const breaker = createDatabaseBreaker({
  probe: () => upkeep.run((sql) => sql`SELECT 1`, { answerTimeoutMs: PROBE_TIMEOUT_MS }),
  onSilent: () => {
    for (const asked of [db, indexDb]) asked.dropConnections();
  },
  patienceMs: PATIENCE_MS,
  probeIntervalMs: PROBE_INTERVAL_MS,
  onStateChange: (state) => {
    if (state === 'open') log.warn('database_away', { effect: 'statistics are refused with 503' });
    else log.info('database_back');
  },
});

const timeoutMs = HEALTH_TIMEOUT_MS;
const check = () => checkDatabase(upkeep, { timeoutMs });
const { signal } = stopping;
// In the background: the service runs meanwhile, and says in /health what it waits for.
const preparation = prepareDatabase({
  ...(config.MIGRATE_ON_START && { migrate: () => migrate(upkeep, { log }) }),
  check,
  // Those of this version that run already answer from it as well.
  newerSchema: 'tolerate',
  log,
  pause: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
  signal,
});

const { app, listener } = createStatsApp({
  statistics,
  breaker,
  log,
  metrics: createMetrics({ service: SERVICE }),
  healthChecks: [
    databaseHealth(
      check,
      () => breaker.state(),
      () => preparation.refusal(),
    ),
    indexHealth(config.zones, () => listIndexedZones(upkeep, { timeoutMs })),
  ],
  clock: Date.now,
  ready: () => !stopping.signal.aborted,
  apiKeys: config.apiKeys,
  trustProxy: config.TRUST_PROXY,
  zones: config.zones,
  queriesMax: config.DATABASE_POOL * (1 + QUEUED_PER_CONNECTION),
});

await runService({
  app,
  listener,
  host: config.HOST,
  port: config.PORT,
  log,
  shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  onStopping: () => {
    stopping.abort();
  },
  onShutdown: async () => {
    statistics.close();
    breaker.close();
    await Promise.all([db, indexDb, upkeep].map((pool) => pool.end({ timeout: CLOSE_SECONDS })));
  },
});
