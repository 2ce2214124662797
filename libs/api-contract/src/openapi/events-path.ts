import { DEFAULT_LIMITS } from '@event-analytics/event-schema';
import { eventsQuery } from '../events-query.js';
import { keyRefusals, commonRefusals } from './refusals.js';
import { jsonResponse, problemResponse, REQUEST_ID } from './responses.js';
import type { Operation, Parameter } from './openapi-document.js';
import { queryParameters, schemaReference } from './schemas.js';

const PAGE_VIEW = {
  event_id: '018f4e5a-9c1b-7c3d-8e2f-0123456789ab',
  user_id: 'user-42',
  event_type: 'page_view',
  occurred_at: '2024-03-04T10:00:00.000Z',
  properties: { path: '/pricing', plan: 'pro' },
};
const PURCHASE = {
  event_id: '6b1f6d0c-4a11-4f3b-9a53-5f2c1f0e6f0b',
  user_id: 'user-42',
  event_type: 'purchase',
  occurred_at: '2024-03-04T11:05:00+01:00',
};

const DESCRIPTION = `
Takes 1 to ${DEFAULT_LIMITS.maxEventsPerRequest.toLocaleString('en-US')} events, at most 5 MiB after decompression. With 202 every accepted event is durably stored, and visible in the statistics within a second as a rule.

**Exactly once.** \`event_id\` is the idempotency key. The same \`event_id\` and instant count once, for ever: the first one wins. The same \`event_id\` sent again with *another* instant is a duplicate too while it is remembered (24 h by default, best effort). So after a 503, a timeout or a lost connection send the same events again with the same ids: that is always safe.

**Forms.** \`application/json\`: \`{"events":[…]}\`. \`application/x-ndjson\`: one event a line, blank lines are passed over; a bad line is named by its number. Either may be compressed (\`Content-Encoding: gzip\`).

**All or nothing**, unless \`partial=true\`: one invalid event, and nothing of the batch is taken; every bad event is listed. Validation comes first: an invalid repetition is invalid, not a duplicate. An event's first problems are listed with a 422, and its first one in \`rejected\`.

Which user an event is of, and its type, are compared exactly. An event may be late by years: the statistics follow.

The limits said here are the defaults; all are configuration.
`.trim();

const contentEncoding: Parameter = {
  name: 'Content-Encoding',
  in: 'header',
  required: false,
  description: 'How the body is compressed, if it is.',
  schema: { type: 'string', enum: ['gzip', 'identity'] },
};

/** POST /events. */
export function eventsOperation(): Operation {
  return {
    operationId: 'postEvents',
    tags: ['Events'],
    summary: 'Send events',
    description: DESCRIPTION,
    parameters: [...queryParameters(eventsQuery), contentEncoding],
    requestBody: {
      required: true,
      description: 'A batch of events as UTF-8.',
      content: {
        'application/json': {
          schema: schemaReference('EventsRequest'),
          examples: { batch: { summary: 'Two events', value: { events: [PAGE_VIEW, PURCHASE] } } },
        },
        'application/x-ndjson': {
          schema: {
            type: 'string',
            description: 'One event a line, each as #/components/schemas/Event.',
          },
          examples: {
            batch: {
              summary: 'Two events, one a line',
              value: `${JSON.stringify(PAGE_VIEW)}\n${JSON.stringify(PURCHASE)}\n`,
            },
          },
        },
      },
    },
    responses: { ...answers(), ...keyRefusals('ingest'), ...commonRefusals() },
  };
}

const invalidEvent = {
  index: 1,
  event_id: PURCHASE.event_id,
  path: 'occurred_at',
  code: 'invalid_timestamp',
  message:
    'occurred_at is no RFC 3339 timestamp with an offset, or no date that exists: "yesterday"; send one like "2024-01-31T23:59:59.999Z".',
};

function answers(): Operation['responses'] {
  return {
    202: jsonResponse('Every accepted event is durably in the stream.', {
      schema: 'EventsResponse',
      headers: ['RateLimit', 'RateLimit-Policy'],
      examples: {
        all: {
          summary: 'All taken, two of them before',
          value: { accepted: 98, duplicates: 2, rejected: [], request_id: REQUEST_ID },
        },
        partial: {
          summary: 'With partial=true',
          value: { accepted: 1, duplicates: 0, rejected: [invalidEvent], request_id: REQUEST_ID },
        },
      },
    }),
    400: problemResponse('The body cannot be read.', {
      problems: [
        { code: 'invalid_json', detail: 'The body is not valid JSON: line 1, column 12.' },
        { code: 'invalid_utf8', detail: 'The body is not valid UTF-8.' },
        { code: 'invalid_gzip', detail: 'The body is not valid gzip, or it is cut off.' },
        { code: 'bad_request', detail: 'The request is not valid HTTP.' },
      ],
    }),
    413: problemResponse('A limit is exceeded: split the batch.', {
      problems: [
        { code: 'body_too_large', detail: 'The body is larger than 5242880 bytes after decompression.' },
        {
          code: 'too_many_events',
          detail: 'The body holds more than 2000 events: send them in several requests.',
        },
      ],
    }),
    415: problemResponse('The form or the compression is not known.', {
      problems: [
        {
          code: 'unsupported_media_type',
          detail: 'Send application/json or application/x-ndjson, in UTF-8.',
        },
        { code: 'unsupported_encoding', detail: 'Send the body as it is, or with Content-Encoding: gzip.' },
      ],
    }),
    422: problemResponse('Something is invalid, and nothing was taken; `errors` lists what.', {
      problems: [
        {
          code: 'invalid_events',
          detail: '1 of 2 events are invalid; nothing was taken.',
          errors: [invalidEvent],
        },
        { code: 'empty_batch', detail: 'There are no events in the body: send at least one.' },
        {
          code: 'invalid_body',
          detail: 'The body is not of the form {"events":[…]}.',
          errors: [
            { path: 'events', code: 'required', message: 'events is missing: send an array of events.' },
          ],
        },
        {
          code: 'invalid_parameters',
          detail: 'The query is invalid.',
          errors: [
            {
              path: 'partial',
              code: 'invalid_value',
              message: 'partial must be one of true, false, not "yes".',
            },
          ],
        },
      ],
    }),
    429: problemResponse(
      'Too many requests: a bucket of 1,000 requests that refills evenly over 60 seconds (both configurable), for each key, else each client address.',
      {
        problems: [{ code: 'rate_limited', detail: 'Too many requests.' }],
        headers: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
      },
    ),
    503: problemResponse(
      'The events could not be stored for sure. Whether they were may be unknown: send them again with the same ids, which is always safe.',
      {
        problems: [
          {
            code: 'stream_unavailable',
            detail:
              'The events could not be stored for sure. Send them again with the same ids: that is safe.',
          },
          {
            code: 'overloaded',
            detail: 'Too much is in flight at once. Send the events again a little later.',
          },
          { code: 'upstream_unavailable', detail: 'The ingest-gateway does not answer. Try again.' },
        ],
        headers: ['Retry-After'],
      },
    ),
  };
}
