import { CEILING_LIMITS, DEFAULT_LIMITS, type EventLimits } from '@event-analytics/event-schema';
import { loadConfig, wholeNumber } from '@event-analytics/service-kit';
import { databaseUrl } from '@event-analytics/timescale';
import { z } from 'zod';

const schema = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  POSTGRES_HOST: z.string().optional(),
  POSTGRES_PORT: wholeNumber(1, 65_535).optional(),
  POSTGRES_DB: z.string().optional(),
  POSTGRES_USER: z.string().optional(),
  POSTGRES_PASSWORD: z.string().optional(),
  /** The gateway's two limits, so that a file may hold what a request may. */
  MIN_OCCURRED_AT: z
    .string()
    .refine((text) => Date.parse(text) >= CEILING_LIMITS.minOccurredAtMs, 'must be an instant from 1900 on')
    .default('1990-01-01T00:00:00Z'),
  MAX_FUTURE_SECONDS: wholeNumber(0, CEILING_LIMITS.maxFutureMs / 1_000).default(
    DEFAULT_LIMITS.maxFutureMs / 1_000,
  ),
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
      maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000,
    }),
  });
}
