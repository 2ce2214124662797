import {
  commonConfig,
  databaseConfig,
  flag,
  loadConfig,
  rawDataConfig,
  reportingConfig,
  streamConfig,
  streamName,
  subjectName,
  wholeNumber,
} from '@event-analytics/service-kit';
import type { StreamNames } from '@event-analytics/nats-client';
import { databaseUrl } from '@event-analytics/timescale';
import { z } from 'zod';
import { FAILPOINTS } from './failpoint.js';

const MIB = 1_024 * 1_024;

const schema = z.object({
  ...commonConfig,
  PORT: wholeNumber(0, 65_535).default(8_003),
  ...databaseConfig,
  /** Bring the schema up to date at the start; else wait until somebody did. */
  MIGRATE_ON_START: flag.default(true),
  ...streamConfig,
  NATS_DURABLE: streamName.default('jetstream-writer'),
  /** Default: the stream's name and _DLQ. */
  NATS_DEAD_LETTER_STREAM: streamName.optional(),
  NATS_DEAD_LETTER_SUBJECT: subjectName.default('events.dead'),
  /** Transactions at once, each on its own database connection. */
  WRITER_CONNECTIONS: wholeNumber(1, 32).default(2),
  /** Messages are merged into a transaction up to about this many events. */
  WRITER_BATCH_EVENTS: wholeNumber(1, 50_000).default(5_000),
  /** How long a transaction that is not full waits for more. */
  WRITER_LINGER_MS: wholeNumber(0, 1_000).default(20),
  /** Bytes of messages held in memory, waiting or being written. */
  WRITER_BUFFER_BYTES: wholeNumber(8 * MIB, 4_096 * MIB).default(64 * MIB),
  /** The stream delivers again what a writer that died held. The same for all writers of a stream. */
  WRITER_ACK_WAIT_MS: wholeNumber(1_000, 600_000).default(30_000),
  /** A write that takes longer is given up and tried again. */
  WRITER_STATEMENT_TIMEOUT_MS: wholeNumber(1_000, 300_000).default(15_000),
  ...rawDataConfig,
  ...reportingConfig,
  /** Whether this writer keeps the index of statistics as well; one of all writers at a time does. */
  INDEXER: flag.default(true),
  /** Users whose numbers the indexer keeps in memory, about 100 bytes each. */
  INDEXER_CACHE_USERS: wholeNumber(1_000, 100_000_000).default(1_000_000),
  /** Kills this process at a named point; only with ENVIRONMENT=test. */
  WRITER_FAILPOINT: z.enum(FAILPOINTS).optional(),
});

export type WriterConfig = ReturnType<typeof readConfig>;

/** Reads the environment once; throws ConfigError with one line that names what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = loadConfig(schema, env);
  const names: StreamNames = {
    stream: config.NATS_STREAM,
    subject: config.NATS_SUBJECT,
    durable: config.NATS_DURABLE,
    deadLetterStream: config.NATS_DEAD_LETTER_STREAM ?? `${config.NATS_STREAM}_DLQ`,
    deadLetterSubject: config.NATS_DEAD_LETTER_SUBJECT,
  };
  return {
    ...config,
    names,
    databaseUrl: databaseUrl(config),
    failpoint: config.ENVIRONMENT === 'test' ? config.WRITER_FAILPOINT : undefined,
  };
}
