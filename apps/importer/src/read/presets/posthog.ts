import type { Preset } from '../event-fields.js';
import { eventIdOf, eventIdOfWhole } from './event-ids.js';
import { createProperties } from './event-properties.js';
import { createRecordReader, type Values } from './record-reader.js';

/**
 * PostHog's batch exports (JSON lines; Parquet, in which objects are their JSON) and the CSV of its event explorer,
 * whose columns may be `*.uuid` for `uuid`, and `properties.$browser` for what is inside of `properties`.
 *
 * - event_id: `uuid`; of a record without one it is made of the whole record.
 * - user_id: `distinct_id`, which is what its SDKs are told, and so what POST /events will be told. (`person_id`, which
 *   joins the distinct_ids of a person, is kept as `$person_id`.)
 * - event_type: `event`.
 * - occurred_at: `timestamp`; without an offset it is UTC.
 * - properties: `properties`; and `person_id`, `person_properties`, `elements_chain`, `elements`, `set`, `set_once` and
 *   `ip` with a `$` before their names. Any other field, which later versions may add, keeps its name.
 *
 * Left out is what the whole export has in common (`team_id`, `project_id`, `site_url`), and when PostHog stored the
 * event (`created_at`, `inserted_at`, `_inserted_at`, `bq_ingested_timestamp`).
 */
export const posthog: Preset = {
  name: 'posthog',
  formats: ['csv', 'ndjson'],
  toEvent(row, { timezone = 'UTC' }) {
    const record = withoutStars(row);
    const read = createRecordReader();
    const distinctId = read.text(record, 'distinct_id');
    const event = read.text(record, 'event');
    const occurredAt = read.timestamp(record, 'timestamp', timezone);
    read.need(distinctId, 'distinct_id', 'user_id');
    read.need(event, 'event', 'event_type');
    read.need(occurredAt, 'timestamp', 'occurred_at');
    const uuid = read.text(record, 'uuid');

    const properties = createProperties();
    properties.addAll(read.object(record, 'properties') ?? {});
    for (const [field, value] of Object.entries(record)) {
      if (READ.has(field) || LEFT_OUT.has(field)) continue;
      if (field.startsWith(PROPERTY)) properties.add(field.slice(PROPERTY.length), value);
      else if (OBJECTS.has(field)) properties.add(`$${field}`, read.object(record, field));
      else properties.add(MARKED.has(field) ? `$${field}` : field, value);
    }
    if (read.problems.length > 0) return read.problems;
    return {
      event_id:
        uuid === undefined
          ? eventIdOfWhole('posthog', record)
          : eventIdOf('posthog', uuid, [distinctId, event, occurredAt]),
      user_id: distinctId,
      event_type: event,
      occurred_at: occurredAt,
      properties: properties.build(),
    };
  },
};

const READ = new Set(['uuid', 'event', 'distinct_id', 'timestamp', 'properties']);
const OBJECTS = new Set(['person_properties', 'set', 'set_once']);
const MARKED = new Set(['elements', 'elements_chain', 'ip', 'person_id']);
const LEFT_OUT = new Set(
  'team_id project_id site_url created_at inserted_at _inserted_at bq_ingested_timestamp'.split(' '),
);
const PROPERTY = 'properties.';
const STAR = '*.';

/** `*.uuid` is `uuid`; a column that has the plain name already comes first. */
function withoutStars(row: Values): Values {
  const columns = Object.entries(row);
  if (!columns.some(([column]) => column.startsWith(STAR))) return row;
  const plain = new Map<string, unknown>();
  for (const [column, value] of columns)
    if (column.startsWith(STAR)) plain.set(column.slice(STAR.length), value);
  for (const [column, value] of columns) if (!column.startsWith(STAR)) plain.set(column, value);
  return Object.fromEntries(plain);
}
