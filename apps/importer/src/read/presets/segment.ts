import { isUuid } from '@event-analytics/event-schema';

import type { Preset } from '../event-fields.js';
import { eventIdOf, eventIdOfWhole } from './event-ids.js';
import { createProperties } from './event-properties.js';
import { createRecordReader, type RecordReader, type Values } from './record-reader.js';

/**
 * Segment's raw logs (`.gz` in S3 or GCS): a call a line, as the Segment Spec has it.
 *
 * - event_id: `messageId` where that is a UUID, else made of it; of a call without one it is made of the whole call.
 * - user_id: `userId`, else `anonymousId`.
 * - event_type: `event` of a track call; the other calls are called as they are: `page`, `screen`, `identify`, `group`,
 *   `alias`.
 * - occurred_at: `timestamp`, which Segment has mended for the clock of the device; else `originalTimestamp`.
 * - properties: `properties`; every other field with a `$` before its name: `$context`, `$traits`, `$anonymousId`,
 *   `$name` and `$category` of a page, `$groupId`, `$previousId`.
 *
 * Left out are the times of the call's way (`receivedAt`, `sentAt`, `originalTimestamp`), where it was to be sent on
 * (`integrations`, `_metadata`), what the source has in common (`projectId`, `sourceId`, `version`) and `writeKey`, which
 * is a key to it.
 */
export const segment: Preset = {
  name: 'segment',
  formats: ['ndjson'],
  toEvent(record, { timezone = 'UTC' }) {
    const read = createRecordReader();
    const eventType = typeOf(read, record);
    const userId = read.text(record, 'userId') ?? read.text(record, 'anonymousId');
    const occurredAt =
      read.timestamp(record, 'timestamp', timezone) ?? read.timestamp(record, 'originalTimestamp', timezone);
    const messageId = read.text(record, 'messageId');
    const own = read.object(record, 'properties') ?? {};
    read.need(userId, 'userId', 'user_id');
    read.need(occurredAt, 'timestamp', 'occurred_at');
    if (read.problems.length > 0) return read.problems;

    const properties = createProperties();
    properties.addAll(own);
    for (const [field, value] of Object.entries(record)) {
      if (!READ.has(field) && !LEFT_OUT.has(field)) properties.add(`$${field}`, value);
    }
    if (messageId !== undefined && !isUuid(messageId)) properties.add('$messageId', messageId);
    return {
      event_id:
        messageId === undefined ? eventIdOfWhole('segment', record) : eventIdOf('segment', messageId, []),
      user_id: userId,
      event_type: eventType,
      occurred_at: occurredAt,
      properties: properties.build(),
    };
  },
};

const CALLS = new Set(['page', 'screen', 'identify', 'group', 'alias']);
const READ = new Set(['messageId', 'type', 'event', 'userId', 'timestamp', 'properties']);
const LEFT_OUT = new Set(
  'receivedAt sentAt originalTimestamp integrations _metadata projectId sourceId version writeKey'.split(' '),
);

function typeOf(read: RecordReader, record: Values): string | undefined {
  const call = read.text(record, 'type');
  if (call === 'track') {
    const event = read.text(record, 'event');
    read.need(event, 'event', 'event_type');
    return event;
  }
  if (call === undefined || CALLS.has(call)) {
    read.need(call, 'type', 'event_type');
    return call;
  }
  const message = `type is no call of the Segment Spec: "track", "page", "screen", "identify", "group" or "alias" is expected.`;
  return read.refuse('type', 'invalid_type', message);
}
