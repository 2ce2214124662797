import type { Preset } from '../event-fields.js';
import { eventIdOf, eventIdOfWhole } from './event-ids.js';
import { createProperties } from './event-properties.js';
import { createRecordReader } from './record-reader.js';

/**
 * Amplitude's Export API (a zip of `.json.gz`, an event a line) and its exports to S3 and GCS, which are the same.
 *
 * - event_id: `uuid`; of a record without one it is made of `$insert_id` and of device, user, type and time, or, where
 *   that is missing, too, of the whole record.
 * - user_id: `user_id`, else `device_id`: an anonymous user.
 * - event_type: `event_type`.
 * - occurred_at: `event_time`, which is UTC without saying so (the device's time, mended by Amplitude).
 * - properties: `event_properties`; every other field with a `$` before its name, where it says anything: `$platform`,
 *   `$user_properties`, `$session_id`, `$device_id`.
 *
 * Left out is what the whole export has in common (`app`, `$schema`), the other times of the event's way (`client_…`,
 * `server_…`, `processed_time`), `amplitude_event_type`, which is `event_type` of old, and what Amplitude notes for
 * itself (`data`, `data_type`, `amplitude_attribution_ids`, `is_attribution_event`, `sample_rate`).
 */
export const amplitude: Preset = {
  name: 'amplitude',
  formats: ['ndjson'],
  toEvent(record, { timezone = 'UTC' }) {
    const read = createRecordReader();
    const userId = read.text(record, 'user_id');
    const deviceId = read.text(record, 'device_id');
    const eventType = read.text(record, 'event_type');
    const occurredAt = read.timestamp(record, 'event_time', timezone);
    const uuid = read.text(record, 'uuid');
    const insertId = read.text(record, '$insert_id');
    const own = read.object(record, 'event_properties') ?? {};
    read.need(userId ?? deviceId, 'user_id', 'user_id');
    read.need(eventType, 'event_type', 'event_type');
    read.need(occurredAt, 'event_time', 'occurred_at');
    if (read.problems.length > 0) return read.problems;

    const properties = createProperties();
    properties.addAll(own);
    for (const [field, value] of Object.entries(record)) {
      if (READ.has(field) || LEFT_OUT.has(field)) continue;
      properties.add(field.startsWith('$') ? field : `$${field}`, value);
    }
    const id = uuid ?? insertId;
    return {
      event_id:
        id === undefined
          ? eventIdOfWhole('amplitude', record)
          : eventIdOf('amplitude', id, [deviceId, userId, eventType, occurredAt]),
      user_id: userId ?? deviceId,
      event_type: eventType,
      occurred_at: occurredAt,
      properties: properties.build(),
    };
  },
};

const READ = new Set(['uuid', 'user_id', 'event_type', 'event_time', 'event_properties']);
const LEFT_OUT = new Set(
  (
    'app $schema client_event_time client_upload_time server_received_time server_upload_time processed_time ' +
    'amplitude_event_type data data_type amplitude_attribution_ids is_attribution_event sample_rate'
  ).split(' '),
);
