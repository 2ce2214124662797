import type { Preset } from '../event-fields.js';
import { isUuid } from '@event-analytics/event-schema';
import { eventIdOf, eventIdOfWhole } from './event-ids.js';
import { createProperties } from './event-properties.js';
import { createRecordReader, own, type RecordReader, type Values } from './record-reader.js';
import { instantOfLocal } from './timestamps.js';

/**
 * Mixpanel's raw event export: `{"event", "properties": {"time", "distinct_id", "$insert_id", …}}` a line.
 *
 * - event_id: `$insert_id` where that is a UUID; else made of it and of `event`, `distinct_id` and `time`, by which
 *   Mixpanel tells events apart. Exports from before 2020 may have none: then it is made of the whole record.
 * - user_id: `distinct_id`, else `$user_id`, else `$device:` and `$device_id`, which is Mixpanel's distinct_id of a device.
 * - event_type: `event`.
 * - occurred_at: `time`, seconds since 1970 with or without a fraction, or milliseconds (`time_in_ms=true`). UTC; but
 *   projects made before 2023 export what the clocks of the project's time zone showed as if it were UTC: for those,
 *   --timezone is the project's.
 * - properties: the others. An `$insert_id` that is no UUID is kept.
 *
 * Left out is what Mixpanel notes about taking the event in (`mp_processing_time_ms`, `$mp_api_endpoint`,
 * `$mp_api_timestamp_ms`, `$import`), and `token`, which is a key to the project.
 */
export const mixpanel: Preset = {
  name: 'mixpanel',
  formats: ['ndjson'],
  toEvent(record, { timezone }) {
    const read = createRecordReader();
    const event = read.text(record, 'event');
    const said = read.object(record, 'properties') ?? {};
    const userId = userOf(read, said);
    const occurredAt = timeOf(read, said, timezone);
    const insertId = read.text(said, '$insert_id', WITHIN);
    read.need(event, 'event', 'event_type');
    read.need(userId, `${WITHIN}distinct_id`, 'user_id');
    read.need(occurredAt, `${WITHIN}time`, 'occurred_at');
    if (read.problems.length > 0) return read.problems;

    const properties = createProperties();
    properties.addAll(said, { except: LEFT_OUT });
    if (insertId !== undefined && !isUuid(insertId)) properties.add('$insert_id', insertId);
    return {
      event_id:
        insertId === undefined
          ? eventIdOfWhole('mixpanel', record)
          : eventIdOf('mixpanel', insertId, [event, userId, occurredAt]),
      user_id: userId,
      event_type: event,
      occurred_at: occurredAt,
      properties: properties.build(),
    };
  },
};

const WITHIN = 'properties.';
const LEFT_OUT = new Set(
  'time distinct_id $insert_id token mp_processing_time_ms $mp_api_endpoint $mp_api_timestamp_ms $import'.split(
    ' ',
  ),
);
/** As seconds it would be the year 5138, as milliseconds it is 1973: before and after anything that was tracked. */
const MILLISECONDS_FROM = 100_000_000_000;
/** The last instant that a Date can be. */
const LAST_MS = 8_640_000_000_000_000;

function userOf(read: RecordReader, said: Values): string | undefined {
  const known = read.text(said, 'distinct_id', WITHIN) ?? read.text(said, '$user_id', WITHIN);
  if (known !== undefined) return known;
  const device = read.text(said, '$device_id', WITHIN);
  return device === undefined ? undefined : `$device:${device}`;
}

function timeOf(read: RecordReader, said: Values, timezone: string | undefined): string | undefined {
  const time = own(said, 'time');
  if (time === undefined || time === null) return undefined;
  const path = `${WITHIN}time`;
  const ms = typeof time === 'number' ? millisecondsOf(time) : Number.NaN;
  if (!(Math.abs(ms) <= LAST_MS)) {
    const message = `${path} must be a number, seconds or milliseconds since 1970: mend the record.`;
    return read.refuse(path, 'invalid_timestamp', message);
  }
  if (timezone === undefined) return new Date(ms).toISOString();
  const message = `${path} is no time that the clocks of ${timezone} showed: is --timezone the project's?`;
  return instantOfLocal(timezone, ms) ?? read.refuse(path, 'invalid_timestamp', message);
}

function millisecondsOf(time: number): number {
  if (time >= MILLISECONDS_FROM) return Math.floor(time);
  // Rounded before it is cut off: 1704784091.249 times 1,000 may be a little less than 1704784091249.
  return Math.floor(Math.round(time * 1e6) / 1e3);
}
