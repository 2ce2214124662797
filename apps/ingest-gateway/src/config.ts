import { CEILING_LIMITS, DEFAULT_LIMITS, type EventLimits } from '@event-analytics/event-schema';
import {
  checkStrictDurability,
  commonConfig,
  ConfigError,
  eventTimeConfig,
  loadConfig,
  parseApiKeys,
  streamConfig,
  wholeNumber,
} from '@event-analytics/service-kit';
import { z } from 'zod';
import { FAILPOINTS } from './failpoint.js';

const HOUR_SECONDS = 3_600;
const DAY_MS = 86_400_000;
const MIB = 1_024 * 1_024;

const schema = z.object({
  ...commonConfig,
  PORT: wholeNumber(0, 65_535).default(8_001),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .default('redis://localhost:6379'),
  REDIS_KEY_PREFIX: z.string().max(64, 'must be at most 64 characters').default('ea:'),
  REDIS_TIMEOUT_MS: wholeNumber(1, 1_000).default(50),
  ...streamConfig,
  /** How long to wait for an acknowledgement; the answer comes within 2.5 s in any case. */
  PUBLISH_TIMEOUT_MS: wholeNumber(100, 2_300).default(2_000),
  /** Requests to POST /events in a window, per API key or client address; 0 turns the limit off. */
  RATE_LIMIT_REQUESTS: wholeNumber(0, 1_000_000_000).default(1_000),
  /** Seconds in which an empty bucket becomes full. */
  RATE_LIMIT_WINDOW: wholeNumber(1, 24 * HOUR_SECONDS).default(60),
  /** Seconds that an id is remembered in Redis. */
  IDEMPOTENCY_TTL: wholeNumber(1, 366 * 24 * HOUR_SECONDS).default(24 * HOUR_SECONDS),
  MAX_EVENTS_PER_REQUEST: wholeNumber(1, CEILING_LIMITS.maxEventsPerRequest).default(
    DEFAULT_LIMITS.maxEventsPerRequest,
  ),
  /** Bytes of one body after decompression. */
  MAX_BODY_BYTES: wholeNumber(1_024, 64 * MIB).default(5 * MIB),
  /** Processes that share the port, each with connections of its own to Redis and NATS; 1: this one alone. */
  GATEWAY_WORKERS: wholeNumber(1, 64).default(1),
  /** Bytes of all bodies whose requests are not yet answered, in all workers together. */
  MAX_IN_FLIGHT_BYTES: wholeNumber(1_024, 16 * 1_024 * MIB).default(64 * MIB),
  ...eventTimeConfig,
  /** Kills this process at a named point; only with ENVIRONMENT=test. */
  GATEWAY_FAILPOINT: z.enum(FAILPOINTS).optional(),
});

export type GatewayConfig = ReturnType<typeof readConfig>;

/** Reads the environment once; throws ConfigError with one line that names what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = loadConfig(schema, env);
  checkStrictDurability(config);
  // Each worker has an equal share: they don't know of each other's.
  const inFlightBytesMax = Math.floor(config.MAX_IN_FLIGHT_BYTES / config.GATEWAY_WORKERS);
  if (inFlightBytesMax < config.MAX_BODY_BYTES) {
    const times = config.GATEWAY_WORKERS > 1 ? ' times GATEWAY_WORKERS' : '';
    throw new ConfigError(
      `MAX_IN_FLIGHT_BYTES: must be at least MAX_BODY_BYTES${times}, which is ${config.MAX_BODY_BYTES * config.GATEWAY_WORKERS} (got "${config.MAX_IN_FLIGHT_BYTES}")`,
    );
  }
  const limits: Readonly<EventLimits> = Object.freeze({
    ...DEFAULT_LIMITS,
    maxEventsPerRequest: config.MAX_EVENTS_PER_REQUEST,
    minOccurredAtMs: Date.parse(config.MIN_OCCURRED_AT),
    maxAgeMs: config.RETAIN_RAW_DAYS === 0 ? Infinity : config.RETAIN_RAW_DAYS * DAY_MS,
    maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000,
  });
  return {
    ...config,
    limits,
    inFlightBytesMax,
    apiKeys: parseApiKeys(config.API_KEYS),
    failpoint: config.ENVIRONMENT === 'test' ? config.GATEWAY_FAILPOINT : undefined,
  };
}
