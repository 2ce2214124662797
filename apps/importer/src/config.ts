import { DEFAULT_LIMITS, type EventLimits } from '@event-analytics/event-schema';
import { databaseConfig, eventTimeConfig, loadConfig } from '@event-analytics/service-kit';
import { databaseUrl } from '@event-analytics/timescale';
import { z } from 'zod';

const DAY_MS = 86_400_000;

const schema = z.object({
  ...databaseConfig,
  /** The gateway's limits, so that a file may hold what a request may. */
  ...eventTimeConfig,
});

export interface ImporterConfig {
  databaseUrl: string;
  limits: Readonly<EventLimits>;
}

/** Throws ConfigError with one line that names what is wrong. A URL of the command line goes before all. */
export function readConfig(
  urlOption: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): ImporterConfig {
  const chosen = urlOption === undefined ? env : { ...env, DATABASE_URL: urlOption, DATABASE_URL_FILE: '' };
  const config = loadConfig(schema, chosen);
  return Object.freeze({
    databaseUrl: databaseUrl(config),
    limits: Object.freeze({
      ...DEFAULT_LIMITS,
      minOccurredAtMs: Date.parse(config.MIN_OCCURRED_AT),
      maxAgeMs: config.RETAIN_RAW_DAYS === 0 ? Infinity : config.RETAIN_RAW_DAYS * DAY_MS,
      maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000,
    }),
  });
}
