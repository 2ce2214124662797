import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { StoredEvent } from './importer-world.js';

/*
 * What the documentation of the presets says of the examples, written a second time and plainly: src/read/presets is not
 * asked.
 */

type Values = Record<string, unknown>;

export const EXAMPLES = join(__dirname, '../examples');
/** Part of the format: ids that were made once have to be made again. */
const NAMESPACE = '6f1a0a56-3a4c-5b0e-9d55-3f0c7d1f8b21';

/** RFC 9562, version 5, digit by digit. */
export function uuidV5(namespace: string, name: string): string {
  const hash = createHash('sha1');
  for (const pair of namespace.replaceAll('-', '').match(/../g) ?? []) {
    hash.update(Buffer.of(Number.parseInt(pair, 16)));
  }
  const digits = hash.update(name, 'utf8').digest('hex').slice(0, 32).split('');
  digits[12] = '5';
  digits[16] = '89ab'[Number.parseInt(digits[16] ?? '', 16) % 4] ?? '';
  return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const made = (...parts: unknown[]): string => uuidV5(NAMESPACE, JSON.stringify(parts));
const madeOfWhole = (preset: string, record: Values): string =>
  uuidV5(NAMESPACE, `${preset} ${inOrder(record)}`);

/** JSON, the keys of every object sorted. */
function inOrder(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inOrder).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${inOrder(one)}`).join(',')}}`;
}

const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
/** Cut off, not rounded. */
const milliseconds = (timestamp: string): string =>
  `${timestamp.replace(' ', 'T').replace(/(\.\d{3})\d*.*$/, '$1')}Z`;

/** With a $ before each name; what says nothing is left out. */
function marked(values: Values): Values {
  const kept = Object.entries(values).filter(([, value]) => !/^(null|""|\{\}|\[\])$/.test(inOrder(value)));
  return Object.fromEntries(kept.map(([key, value]) => [key.startsWith('$') ? key : `$${key}`, value]));
}

function posthogLine(record: Values): StoredEvent {
  const { uuid, event, distinct_id, timestamp, properties, ...rest } = record;
  const { person_id, person_properties, elements_chain } = rest;
  return {
    event_id: String(uuid),
    user_id: String(distinct_id),
    event_type: String(event),
    occurred_at: milliseconds(String(timestamp)),
    properties: { ...(properties as Values), ...marked({ person_id, person_properties, elements_chain }) },
  };
}

/** The explorer writes event and timestamp a second time without a star, and a property as a column of its own. */
function posthogRow(cells: Record<string, string>): StoredEvent {
  const plain = Object.fromEntries(
    Object.entries(cells).map(([column, cell]) => [column.replace(/^\*\./, ''), cell]),
  );
  const { uuid, event, distinct_id, timestamp, properties = '', elements_chain } = plain;
  return {
    event_id: uuid === '' ? madeOfWhole('posthog', plain) : String(uuid),
    user_id: String(distinct_id),
    event_type: String(event),
    occurred_at: milliseconds(String(timestamp)),
    properties: {
      ...JSON.parse(properties),
      ...marked({ elements_chain }),
      'person.name': plain['person.name'],
    },
  };
}

function mixpanelLine(record: Values): StoredEvent {
  const { time, distinct_id, $insert_id, ...rest } = record['properties'] as Values;
  for (const key of ['token', 'mp_processing_time_ms', '$mp_api_endpoint', '$mp_api_timestamp_ms', '$import'])
    delete rest[key];
  const user_id = String(distinct_id);
  const event_type = String(record['event']);
  const occurred_at = new Date(Math.round(Number(time) * 1_000)).toISOString();
  const id = $insert_id as string | undefined;
  const isOwn = id !== undefined && isUuid(id);
  const madeId =
    id === undefined
      ? madeOfWhole('mixpanel', record)
      : made('mixpanel', id, event_type, user_id, occurred_at);
  return {
    event_id: isOwn ? id : madeId,
    user_id,
    event_type,
    occurred_at,
    properties: id === undefined || isOwn ? rest : { ...rest, $insert_id: id },
  };
}

const AMPLITUDE_LEFT_OUT =
  'app $schema client_event_time client_upload_time server_received_time server_upload_time processed_time amplitude_event_type data data_type amplitude_attribution_ids is_attribution_event sample_rate';

function amplitudeLine(record: Values): StoredEvent {
  const { uuid, user_id, event_type, event_time, event_properties, ...rest } = record;
  for (const key of AMPLITUDE_LEFT_OUT.split(' ')) delete rest[key];
  const { device_id } = rest;
  const id = (uuid ?? rest['$insert_id']) as string | undefined;
  const occurred_at = String(event_time).replace(' ', 'T') + 'Z';
  const madeId =
    id === undefined
      ? madeOfWhole('amplitude', record)
      : made('amplitude', id, device_id, user_id, event_type, occurred_at);
  return {
    event_id: id !== undefined && isUuid(id) ? id : madeId,
    user_id: String(user_id ?? device_id),
    event_type: String(event_type),
    occurred_at: milliseconds(occurred_at),
    properties: { ...(event_properties as Values), ...marked(rest) },
  };
}

const SEGMENT_LEFT_OUT =
  'receivedAt sentAt originalTimestamp integrations _metadata projectId sourceId version writeKey';

function segmentLine(record: Values): StoredEvent {
  const { messageId, type, event, userId, timestamp, originalTimestamp, properties, ...rest } = record;
  for (const key of SEGMENT_LEFT_OUT.split(' ')) delete rest[key];
  const id = messageId as string | undefined;
  const isOwn = id !== undefined && isUuid(id);
  const event_id = isOwn ? id : id === undefined ? madeOfWhole('segment', record) : made('segment', id);
  return {
    event_id,
    user_id: String(userId ?? rest['anonymousId']),
    event_type: String(type === 'track' ? event : type),
    occurred_at: String(timestamp ?? originalTimestamp),
    properties: {
      ...(properties as Values | undefined),
      ...marked(rest),
      ...(isOwn || id === undefined ? {} : { $messageId: id }),
    },
  };
}

const linesOf = (file: string, read: (record: Values) => StoredEvent) => (): StoredEvent[] =>
  readFileSync(join(EXAMPLES, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => read(JSON.parse(line)));

/** No cell of the example has a line break, and none that is quoted ends with a quote. */
function csvRows(file: string): StoredEvent[] {
  const [names = [], ...rows] = readFileSync(join(EXAMPLES, file), 'utf8')
    .trim()
    .split('\r\n')
    .map((line) =>
      [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
      ),
    );
  return rows.map((cells) =>
    posthogRow(Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']))),
  );
}

export const PRESET_EXAMPLES = [
  { preset: 'posthog', file: 'posthog.ndjson', events: linesOf('posthog.ndjson', posthogLine) },
  { preset: 'posthog', file: 'posthog.csv', events: () => csvRows('posthog.csv') },
  { preset: 'mixpanel', file: 'mixpanel.ndjson', events: linesOf('mixpanel.ndjson', mixpanelLine) },
  { preset: 'amplitude', file: 'amplitude.ndjson', events: linesOf('amplitude.ndjson', amplitudeLine) },
  { preset: 'segment', file: 'segment.ndjson', events: linesOf('segment.ndjson', segmentLine) },
];
