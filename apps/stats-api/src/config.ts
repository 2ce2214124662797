import { isTimeZone } from '@event-analytics/calendar';
import {
  commaList,
  commonConfig,
  databaseConfig,
  flag,
  loadConfig,
  parseApiKeys,
  wholeNumber,
} from '@event-analytics/service-kit';
import { databaseUrl } from '@event-analytics/timescale';
import { z } from 'zod';

const ZONES_MAX = 32;
const ZONES_RULE = `must be 1 to ${ZONES_MAX} IANA time zone names between commas`;

const schema = z.object({
  ...commonConfig,
  PORT: wholeNumber(0, 65_535).default(8_002),
  ...databaseConfig,
  /** Connections for statistics; health checks have their own. */
  DATABASE_POOL: wholeNumber(1, 100).default(4),
  /** The first is the default of `timezone`. */
  REPORTING_TIMEZONES: commaList
    .refine((zones) => zones.length > 0 && zones.length <= ZONES_MAX && zones.every(isTimeZone), ZONES_RULE)
    .default(['UTC']),
  /** What one statistic may take. */
  STATEMENT_TIMEOUT_MS: wholeNumber(10, 600_000).default(30_000),
  MIGRATE_ON_START: flag.default(true),
});

/** Reads the environment once; throws ConfigError with one line that names what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = loadConfig(schema, env);
  return Object.freeze({
    ...config,
    databaseUrl: databaseUrl(config),
    apiKeys: parseApiKeys(config.API_KEYS),
    defaultZone: config.REPORTING_TIMEZONES[0] ?? 'UTC',
  });
}
