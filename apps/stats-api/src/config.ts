import {
  commonConfig,
  databaseConfig,
  flag,
  loadConfig,
  parseApiKeys,
  reportingConfig,
  wholeNumber,
} from '@event-analytics/service-kit';
import { databaseUrl } from '@event-analytics/timescale';
import { z } from 'zod';

const MIB = 1024 * 1024;

const schema = z.object({
  ...commonConfig,
  PORT: wholeNumber(0, 65_535).default(8_002),
  ...databaseConfig,
  ...reportingConfig,
  /** Connections for statistics, so many for the index and so many for what is computed from events. */
  DATABASE_POOL: wholeNumber(1, 100).default(4),
  /** What one statistic may take. */
  STATEMENT_TIMEOUT_MS: wholeNumber(10, 600_000).default(30_000),
  /** What is remembered of the index, in bytes. */
  STATS_CACHE_BYTES: wholeNumber(0, 1024 * 1024 * MIB).default(256 * MIB),
  /** Bitmaps by the native library where it could be built (auto), only by it, or only by the portable code. */
  USER_SETS: z
    .enum(['auto', 'native', 'portable'], { error: 'must be auto, native or portable' })
    .default('auto'),
  MIGRATE_ON_START: flag.default(true),
});

/** Reads the environment once; throws ConfigError with one line that names what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = loadConfig(schema, env);
  return Object.freeze({
    ...config,
    databaseUrl: databaseUrl(config),
    apiKeys: parseApiKeys(config.API_KEYS),
    zones: [config.REPORTING_TIMEZONES[0] ?? 'UTC', ...config.REPORTING_TIMEZONES.slice(1)] as const,
  });
}
