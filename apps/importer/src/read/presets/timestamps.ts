import { parseInstantMs } from '@event-analytics/event-schema';
import { createLocalClock } from '@event-analytics/calendar';

const UTC = 'UTC';

/** A date and a time of day, `T` or a space between them, with or without an offset: what the products write. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?$/i;

/**
 * The instant in RFC 3339; undefined when the text is none, or a time that the zone's clocks skipped.
 * @param zone of a text without an offset
 */
export function readTimestamp(text: string, zone: string): string | undefined {
  const [, date, time, fraction = '', offset] = TIMESTAMP.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  if (offset === undefined && zone !== UTC) {
    const localMs = parseInstantMs(`${date}T${time}${fraction}Z`);
    return localMs === undefined ? undefined : instantOfLocal(zone, localMs);
  }
  const instant = `${date}T${time}${fraction}${offset === undefined ? 'Z' : rfc3339Offset(offset)}`;
  return parseInstantMs(instant) === undefined ? undefined : instant;
}

function rfc3339Offset(offset: string): string {
  if (!/^[+-]/.test(offset)) return 'Z';
  return `${offset.slice(0, 3)}:${offset.length > 3 ? offset.slice(-2) : '00'}`;
}

/** A clock remembers what it was asked, and an input is of one zone. */
let latestClock = { zone: UTC, instantOf: createLocalClock(UTC) };

/**
 * The instant at which the zone's clocks showed this; the first where they showed it twice, undefined where they
 * never did.
 * @param localMs what they showed, as if it were UTC
 */
export function instantOfLocal(zone: string, localMs: number): string | undefined {
  if (latestClock.zone !== zone) latestClock = { zone, instantOf: createLocalClock(zone) };
  const instantMs = latestClock.instantOf(localMs);
  return instantMs === undefined ? undefined : new Date(instantMs).toISOString();
}
