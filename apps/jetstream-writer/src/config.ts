import {
  checkStrictDurability,
  commonConfig,
  databaseConfig,
  flag,
  loadConfig,
  rawDataConfig,
  reportingConfig,
  wholeNumber,
} from '@event-analytics/service-kit';
import { databaseUrl } from '@event-analytics/timescale';
import { z } from 'zod';
import { FAILPOINTS } from './failpoint.js';
import { streamNames, streamNamesConfig } from './stream-names.js';

const MIB = 1_024 * 1_024;

const schema = z.object({
  ...commonConfig,
  PORT: wholeNumber(0, 65_535).default(8_003),
  ...databaseConfig,
  /** Bring the schema up to date at the start; else wait until somebody did. */
  MIGRATE_ON_START: flag.default(true),
  ...streamNamesConfig,
  /** Transactions at once, each on its own database connection. */
  WRITER_CONNECTIONS: wholeNumber(1, 32).default(4),
  /** Messages are merged into a transaction up to about this many events. */
  WRITER_BATCH_EVENTS: wholeNumber(1, 50_000).default(5_000),
  /** How long a transaction that is not full waits for more; five times as long where much comes. */
  WRITER_LINGER_MS: wholeNumber(0, 1_000).default(20),
  /** Bytes of messages held in memory at most; three batches a connection, if that is less. */
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
  checkStrictDurability(config);
  return {
    ...config,
    names: streamNames(config),
    databaseUrl: databaseUrl(config),
    failpoint: config.ENVIRONMENT === 'test' ? config.WRITER_FAILPOINT : undefined,
  };
}
