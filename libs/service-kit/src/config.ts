import { readFileSync } from 'node:fs';
import { isTimeZone } from '@event-analytics/calendar';
import { CEILING_LIMITS, DEFAULT_LIMITS } from '@event-analytics/event-schema';
import { z } from 'zod';
import { trustProxy } from './trust-proxy.js';

/** A setting is wrong. The message is one line that names the variable, what it was and the rule. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const SECRET = /PASSWORD|SECRET|KEY|TOKEN|URL/;
const SHOWN_CHARACTERS = 64;

/**
 * Reads a service's settings from its environment, once. A variable that is empty counts as not set;
 * each can be given as a file instead (`NAME_FILE`: the content, without the white space around it).
 * Variables the schema doesn't know are somebody else's.
 * @throws ConfigError for the first wrong one
 */
export function loadConfig<T extends z.ZodObject>(schema: T, env: NodeJS.ProcessEnv): Readonly<z.infer<T>> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = settingOf(name, env);
    if (value !== undefined) given[name] = value;
  }
  const result = schema.safeParse(given);
  if (!result.success) throw new ConfigError(lineOf(result.error, given));
  return Object.freeze(result.data);
}

function settingOf(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const value = env[name] === '' ? undefined : env[name];
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return value;
  if (value !== undefined) {
    throw new ConfigError(`${name} and ${name}_FILE are both set: set one of them`);
  }
  try {
    const content = readFileSync(file, 'utf8').trim();
    return content === '' ? undefined : content;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${name}_FILE: cannot read ${file} (${code})`, { cause: error });
  }
}

function lineOf(error: z.ZodError, given: Record<string, string>): string {
  const [issue] = error.issues;
  const name = String(issue?.path[0] ?? 'configuration');
  const value = given[name];
  const rule = (issue?.message ?? 'is invalid').replace(/\s+/g, ' ');
  if (value === undefined) return `${name}: ${rule} (it is not set)`;
  if (SECRET.test(name)) return `${name}: ${rule} (its value is not shown)`;
  return `${name}: ${rule} (got ${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))})`;
}

/** A whole number between two bounds, both included. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d{1,16}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`);

/** true, yes, on or 1; false, no, off or 0. */
export const flag = z
  .string()
  .regex(/^(true|false|yes|no|on|off|1|0)$/i, 'must be true or false')
  .transform((text) => /^(true|yes|on|1)$/i.test(text));

/** Values between commas, without the white space around them; empty ones are left out. */
export const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const MAX_SHUTDOWN_MS = 10 * 60_000;

/** The settings that every service has; spread into its own schema. */
export const commonConfig = {
  ENVIRONMENT: z
    .enum(['development', 'test', 'production'], { error: 'must be development, test or production' })
    .default('development'),
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug'], { error: 'must be error, warn, info or debug' })
    .default('info'),
  /** The address to listen on. */
  HOST: z.string().default('0.0.0.0'),
  /** How long requests in hand may take after SIGTERM. */
  SHUTDOWN_TIMEOUT_MS: wholeNumber(0, MAX_SHUTDOWN_MS).default(8_000),
  /** `name:key:scope+scope,…`; none: keys are off. See parseApiKeys. */
  API_KEYS: z.string().default(''),
  /** Proxies whose X-Forwarded-For is believed: how many, or their addresses. */
  TRUST_PROXY: trustProxy.default(0),
};

/** The database's address, for services that have one: DATABASE_URL, or its parts with their defaults. */
export const databaseConfig = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  POSTGRES_HOST: z.string().optional(),
  POSTGRES_PORT: wholeNumber(1, 65_535).optional(),
  POSTGRES_DB: z.string().optional(),
  POSTGRES_USER: z.string().optional(),
  POSTGRES_PASSWORD: z.string().optional(),
};

/** A name that JetStream takes for a stream or a consumer. */
export const streamName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -');

/** A NATS subject without wildcards. */
export const subjectName = z
  .string()
  .max(128, 'must have at most 128 characters')
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'must be words of letters, digits, _ or - joined by dots');

const isHttpUrl = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);

/** The stream, for the services at its two ends: both make it if it isn't there, alike. */
export const streamConfig = {
  NATS_URL: z.string().default('nats://localhost:4222'),
  NATS_STREAM: streamName.default('EVENTS'),
  NATS_SUBJECT: subjectName.default('events.ingest'),
  /** A full stream refuses: nothing in it is ever evicted. */
  STREAM_MAX_MESSAGES: wholeNumber(1, 1_000_000_000).default(5_000_000),
  STREAM_MAX_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  STREAM_REPLICAS: wholeNumber(1, 5).default(1),
  /** Refuse servers that acknowledge or commit before they have synced to the disk. */
  STRICT_DURABILITY: flag.default(false),
  /** http://host:8222 of each server that may hold the stream, between commas: only there it is told whether it syncs. */
  NATS_MONITORING_URL: commaList
    .refine((urls) => urls.every(isHttpUrl), 'must be http:// or https:// addresses between commas')
    .default([]),
};

/** @throws ConfigError where STRICT_DURABILITY has nobody to ask */
export function checkStrictDurability(config: {
  STRICT_DURABILITY: boolean;
  NATS_MONITORING_URL: readonly string[];
}): void {
  if (!config.STRICT_DURABILITY || config.NATS_MONITORING_URL.length > 0) return;
  throw new ConfigError(
    'NATS_MONITORING_URL: must be set with STRICT_DURABILITY, http://host:8222 of each NATS server (it is not set)',
  );
}

const DAYS_MAX = 36_500;

/** Days that raw events are kept; 0 is for ever. Fewer than two would race with clients' clocks and the stream. */
const retainRawDays = wholeNumber(0, DAYS_MAX)
  .refine((days) => days === 0 || days >= 2, 'must be 0 (for ever) or at least 2')
  .default(0);

/** How long raw events are kept and how, for the service that sees to it. */
export const rawDataConfig = {
  /** Days after which TimescaleDB compresses, where its licence allows; 0: never. */
  COMPRESS_AFTER_DAYS: wholeNumber(0, DAYS_MAX).default(30),
  RETAIN_RAW_DAYS: retainRawDays,
};

/** Which instants events may have, for the services that take events in. */
export const eventTimeConfig = {
  /** An instant (RFC 3339) or a date: no event may lie before it. */
  MIN_OCCURRED_AT: z
    .string()
    .refine(
      (text) =>
        /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) &&
        Date.parse(text) >= CEILING_LIMITS.minOccurredAtMs,
      'must be a date or an instant with its offset, from 1900 on',
    )
    .default('1990-01-01T00:00:00Z'),
  MAX_FUTURE_SECONDS: wholeNumber(0, CEILING_LIMITS.maxFutureMs / 1_000).default(
    DEFAULT_LIMITS.maxFutureMs / 1_000,
  ),
  /** Nothing is taken that is older than raw events are kept. */
  RETAIN_RAW_DAYS: retainRawDays,
};

const ZONES_MAX = 32;

/** The time zones whose statistics are indexed, for the service that indexes and the one that answers. */
export const reportingConfig = {
  /** The first is the default of the parameter `timezone`. */
  REPORTING_TIMEZONES: commaList
    .refine(
      (zones) => zones.length > 0 && zones.length <= ZONES_MAX && zones.every(isTimeZone),
      `must be 1 to ${ZONES_MAX} IANA time zone names between commas`,
    )
    .default(['UTC']),
};
