import { createLocalClock } from '@event-analytics/calendar';
import { parseInstantMs, quoteValue, type FieldProblem } from '@event-analytics/event-schema';

import type { ReadSettings } from './read-settings.js';

/**
 * The RFC 3339 spelling of a timestamp; the text itself where it is in none of the forms that are taken, for the schema
 * to refuse.
 */
export type ReadTimestamp = (text: string) => string | FieldProblem;

/** Undefined where timestamps are what the schema takes. */
export function createTimestampReader({
  timestamps,
  timezone,
}: Pick<ReadSettings, 'timestamps' | 'timezone'>): ReadTimestamp | undefined {
  if (timestamps === 'epoch-seconds') return (text) => epochTimestamp(text, 1_000);
  if (timestamps === 'epoch-milliseconds') return (text) => epochTimestamp(text, 1);
  return timezone === undefined ? undefined : localTimestamps(timezone);
}

const EPOCH = /^(-?)(\d{1,16})(?:\.(\d+))?$/;
/** What a JavaScript date may be. */
const EPOCH_MS_MAX = 8.64e15;

function epochTimestamp(text: string, unitMs: 1_000 | 1): string | FieldProblem {
  const [, sign = '', whole = '', fraction = ''] = EPOCH.exec(text) ?? [];
  const digits = unitMs === 1 ? 0 : 3;
  const size = Number(whole) * unitMs + Number(fraction.slice(0, digits).padEnd(digits, '0'));
  const isCut = /[1-9]/.test(fraction.slice(digits));
  // Cut off to milliseconds, as every instant is: towards the past.
  const ms = sign === '-' ? -size - (isCut ? 1 : 0) : size;
  if (whole === '' || Math.abs(ms) > EPOCH_MS_MAX) {
    const unit = unitMs === 1 ? 'milliseconds' : 'seconds';
    return invalid(
      `is no number of ${unit} since 1970: ${quoteValue(text)}; see --timestamps, or correct the row.`,
    );
  }
  return new Date(ms).toISOString();
}

const FORM = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:([Zz])|([+-]\d\d)(?::?(\d\d))?)?$/;

/**
 * Timestamps without an offset are of the zone; those with one stay as they are, but may have a space for the T and an
 * offset as databases write it (+00, +0530). A time that the zone's clock skipped is none; of one that it showed twice
 * the first is meant.
 */
function localTimestamps(zone: string): ReadTimestamp {
  const instantOf = createLocalClock(zone);
  return (text) => {
    const [, date, clock = '', utc, hours, minutes = '00'] = FORM.exec(text) ?? [];
    if (date === undefined) return text;
    const time = clock.length === 5 ? `${clock}:00` : clock;
    if (utc !== undefined) return `${date}T${time}Z`;
    if (hours !== undefined) return `${date}T${time}${hours}:${minutes}`;
    const localMs = parseInstantMs(`${date}T${time}Z`);
    if (localMs === undefined) return text;
    const instantMs = instantOf(localMs);
    if (instantMs !== undefined) return new Date(instantMs).toISOString();
    return invalid(
      `never was in ${zone}, whose clock skipped it: ${quoteValue(text)}; correct it, or see --timezone.`,
    );
  };
}

function invalid(what: string): FieldProblem {
  return { path: 'occurred_at', code: 'invalid_timestamp', message: `occurred_at ${what}` };
}
