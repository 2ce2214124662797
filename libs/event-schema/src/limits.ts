/** What one request and one event may hold. Configuration of the gateway and the importer. */
export interface EventLimits {
  maxEventsPerRequest: number;
  /** Code points. */
  maxUserIdLength: number;
  /** Code points. */
  maxEventTypeLength: number;
  /** Bytes of the properties as compact UTF-8 JSON. */
  maxPropertiesBytes: number;
  /** Levels of objects and arrays; the properties object itself is level 1. */
  maxPropertiesDepth: number;
  /** Milliseconds since 1970: the earliest instant taken. */
  minOccurredAtMs: number;
  /** How far occurred_at may lie before now; Infinity: as far as minOccurredAtMs. */
  maxAgeMs: number;
  /** How far occurred_at may lie after now. */
  maxFutureMs: number;
}

export const DEFAULT_LIMITS: Readonly<EventLimits> = Object.freeze({
  maxEventsPerRequest: 2_000,
  maxUserIdLength: 256,
  maxEventTypeLength: 128,
  maxPropertiesBytes: 32 * 1024,
  maxPropertiesDepth: 32,
  minOccurredAtMs: Date.UTC(1990, 0, 1),
  maxAgeMs: Infinity,
  maxFutureMs: 24 * 3_600_000,
});

/**
 * How far configuration may widen each limit. The writer checks these alone, so no change of
 * configuration turns an accepted event into a dead letter.
 */
export const CEILING_LIMITS: Readonly<EventLimits> = Object.freeze({
  maxEventsPerRequest: 20_000,
  // Four bytes a code point at most: both together stay under the 2,704 bytes of a B-tree entry.
  maxUserIdLength: 384,
  maxEventTypeLength: 256,
  // An event alone fits a message of 512 KiB.
  maxPropertiesBytes: 256 * 1024,
  // JSON.stringify and PostgreSQL's parser recurse: far below where either gives up.
  maxPropertiesDepth: 128,
  minOccurredAtMs: Date.UTC(1900, 0, 1),
  maxAgeMs: Infinity,
  maxFutureMs: 10 * 366 * 86_400_000,
});

/** No event lies at or after this instant, whatever is configured: its local date has four digits of year in every zone. */
export const END_OF_TIME_MS = Date.UTC(9999, 0, 1);

/** Problems listed for one event; a client mends these and sees the rest. */
export const MAX_PROBLEMS_PER_EVENT = 10;

/** Past so many problems in a batch, each further bad event is listed with its first problem only. */
export const MAX_DETAILED_PROBLEMS_PER_BATCH = 2_000;
