import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectNats,
  createDeadLetters,
  ensureEventStream,
  type ConsumerStatus,
} from '@event-analytics/nats-client';
import {
  configOrExit,
  createLogger,
  createMetrics,
  createServiceApp,
  exitWithLine,
  runService,
} from '@event-analytics/service-kit';
import {
  checkDatabase,
  connectDatabase,
  migrate,
  prepareDatabase,
  startIndexer,
  type DatabasePreparation,
  type Indexer,
} from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import { watchBacklog } from './backlog.js';
import { readConfig } from './config.js';
import { createFailpoint } from './failpoint.js';
import { healthChecks } from './health.js';
import { createIndexerMetrics } from './indexer-metrics.js';
import { createWriterMetrics } from './metrics.js';
import { startStorageUpkeep, type StorageUpkeep } from './storage-upkeep.js';
import { checkDatabaseDurability, watchStreamDurability } from './strict-durability.js';
import { createRetryTiming } from './write/backoff.js';
import { watchForSilence } from './watch-silence.js';
import { startWriter, type Writer } from './writer.js';

const SERVICE = 'jetstream-writer';
const BACKLOG_LOOK_MS = 2_000;
const DATABASE_CHECK_TIMEOUT_MS = 5_000;
// For migrations and health checks, so that they never wait for a lane.
const SPARE_CONNECTIONS = 2;
// A fold may take a minute, but a server that says nothing for so long is not heard.
const SILENCE_LOOK_MS = 2_000;
const SILENCE_MS = 5_000;
// What is left of the shutdown for closing connections to servers that may not answer.
const CLOSE_MS = 3_000;

const config = configOrExit(readConfig);
const log = createLogger({ service: SERVICE, level: config.LOG_LEVEL });
const metrics = createMetrics({ service: SERVICE });
const stopping = new AbortController();

const db = connectDatabase({
  url: config.databaseUrl,
  applicationName: SERVICE,
  maxConnections: config.WRITER_CONNECTIONS + SPARE_CONNECTIONS,
  statementTimeoutMs: config.WRITER_STATEMENT_TIMEOUT_MS,
});
// The indexer's one transaction at a time, of its own length, its tidying up, and the question whether anybody is there.
const indexDb = connectDatabase({
  url: config.databaseUrl,
  applicationName: `${SERVICE}-indexer`,
  maxConnections: 3,
});
const silence = watchForSilence(indexDb, {
  intervalMs: SILENCE_LOOK_MS,
  answerTimeoutMs: SILENCE_MS,
  onSilent: () => log.warn('database_silent', { effect: 'the indexer begins anew on other connections' }),
});
const nats = await connectNats({ servers: config.NATS_URL, name: SERVICE, log });
const durability = config.STRICT_DURABILITY
  ? watchStreamDurability({
      nats,
      stream: config.names.stream,
      monitoringUrls: config.NATS_MONITORING_URL,
      registry: metrics.registry,
      log,
    })
  : undefined;
const deadLetters = createDeadLetters(nats, { names: config.names, replicas: config.STREAM_REPLICAS });
const backlog = watchBacklog({ nats, names: config.names, deadLetters, db, intervalMs: BACKLOG_LOOK_MS });

let preparation: DatabasePreparation | undefined;
let writer: Writer | undefined;
const consumer = (): ConsumerStatus | undefined => writer?.consumer();
const writerMetrics = createWriterMetrics(metrics.registry, { backlog: () => backlog.current(), consumer });

let upkeep: StorageUpkeep | undefined;
let indexer: Indexer | undefined;
const indexerStatus = () => indexer?.status();
const indexerMetrics = createIndexerMetrics(metrics.registry, indexerStatus);

const app = createServiceApp({
  service: SERVICE,
  log,
  metrics,
  healthChecks: healthChecks({
    nats,
    names: config.names,
    db,
    refusal: () => preparation?.refusal(),
    backlog: () => backlog.current(),
    consumer,
    indexer: indexerStatus,
  }),
  trustProxy: config.TRUST_PROXY,
  mount: () => undefined,
  ready: () => consumer()?.attached === true,
});

/** In the background, for as long as it takes: the service runs and says in /health what it waits for. */
async function start(): Promise<void> {
  const timing = createRetryTiming();
  preparation = prepareDatabase({
    ...(config.MIGRATE_ON_START && { migrate: () => migrate(db, { log }) }),
    check: () => checkDatabase(db, { timeoutMs: DATABASE_CHECK_TIMEOUT_MS }),
    // It may ask more of who writes than this version knows of.
    newerSchema: 'refuse',
    log,
    pause: (ms) => timing.pause(ms, stopping.signal),
    signal: stopping.signal,
  });
  if (!(await preparation.ready)) return;
  await checkDatabaseDurability({
    db,
    strict: config.STRICT_DURABILITY,
    log,
    timing,
    stopping: stopping.signal,
  });
  await durability?.require(stopping.signal);
  upkeep = startStorageUpkeep({
    db,
    compressAfterDays: config.COMPRESS_AFTER_DAYS,
    retainRawDays: config.RETAIN_RAW_DAYS,
    zones: config.REPORTING_TIMEZONES,
    metrics: writerMetrics,
    log,
    clock: Date.now,
  });
  if (config.INDEXER) {
    log.info('indexer_started', { zones: config.REPORTING_TIMEZONES });
    indexer = startIndexer({
      db: indexDb,
      // Most of its sets are of a few users: these are made and written faster without crossing into native code.
      userSets: portableUserSets,
      zones: config.REPORTING_TIMEZONES,
      usersRemembered: config.INDEXER_CACHE_USERS,
      log,
      clock: Date.now,
      ...indexerMetrics,
    });
  }
  await ensureEventStream(nats, {
    names: config.names,
    maxMessages: config.STREAM_MAX_MESSAGES,
    ...(config.STREAM_MAX_BYTES !== undefined && { maxBytes: config.STREAM_MAX_BYTES }),
    replicas: config.STREAM_REPLICAS,
    // The gateway is who sets the limits.
    updateLimits: false,
    log,
    signal: stopping.signal,
  });
  // Only now it is known which servers hold the stream.
  await durability?.require(stopping.signal);
  writer = startWriter({
    nats,
    names: config.names,
    db,
    deadLetters,
    metrics: writerMetrics,
    log,
    lanes: config.WRITER_CONNECTIONS,
    batchEvents: config.WRITER_BATCH_EVENTS,
    lingerMs: config.WRITER_LINGER_MS,
    bufferBytes: config.WRITER_BUFFER_BYTES,
    ackWaitMs: config.WRITER_ACK_WAIT_MS,
    failpoint: createFailpoint(config.failpoint),
    clock: Date.now,
  });
  log.info('writer_started', { lanes: config.WRITER_CONNECTIONS, batch_events: config.WRITER_BATCH_EVENTS });
}

void start().catch((error: unknown) => {
  if (stopping.signal.aborted) return;
  log.error('start_refused', { error });
  exitWithLine(error instanceof Error ? error.message : String(error));
});

await runService({
  app,
  host: config.HOST,
  port: config.PORT,
  log,
  shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  // The batch in hand is the writer's request in hand.
  closeTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  async onShutdown() {
    stopping.abort();
    backlog.close();
    silence.close();
    durability?.close();
    const timeoutMs = Math.max(0, config.SHUTDOWN_TIMEOUT_MS - CLOSE_MS);
    // The step in hand; one that takes longer is undone by the database and done again by the next.
    const background = Promise.all([indexer?.stop(), upkeep?.stop()]);
    const settled = Promise.race([background, sleep(timeoutMs, undefined, { ref: false })]);
    await Promise.all([writer?.stop({ timeoutMs }), settled]);
    await Promise.all([nats.close(), db.end({ timeout: 1 }), indexDb.end({ timeout: 1 })]);
  },
});
