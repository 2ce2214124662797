import fc from 'fast-check';
import type { ParsedBatch } from './batch.js';
import { validateCsvFields } from './csv-fields.js';
import { parseJsonBatch } from './json-batch.js';
import { DEFAULT_LIMITS } from './limits.js';
import { readLineMessage } from './line-message.js';
import { parseNdjsonBatch } from './ndjson-batch.js';
import { BatchError } from './problems.js';
import { decodeWireMessage, encodeWireMessages, WireFormatError } from './wire-message.js';

const nowMs = Date.UTC(2024, 5, 1);
const options = { limits: DEFAULT_LIMITS, nowMs };
const receivedAt = '2024-06-01T00:00:00.000Z';

const storableText = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\0\p{Cs}]/gu, ''));
const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .map((text) => text.replace(/[\p{Cc}\p{Cs}]/gu, '') || 'x');
const key = fc.oneof(storableText, fc.constantFrom('__proto__', 'constructor', 'toJSON', 'length', ''));
const { properties } = fc.letrec<{ value: unknown; properties: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    storableText,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('properties'),
  ),
  // Through entries: fc.dictionary would leave `__proto__` out, and JSON may hold it.
  properties: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries) as Record<string, unknown>),
}));
const validEvent = fc.record({
  event_id: fc.tuple(fc.uuid(), fc.boolean()).map(([id, upper]) => (upper ? id.toUpperCase() : id)),
  user_id: name,
  event_type: name,
  occurred_at: fc
    .date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date(nowMs), noInvalidDate: true })
    .map((date) => date.toISOString()),
  properties,
});

const anyText = fc.string({ unit: 'binary' }).map((text) => text.replace('x', '\ud800').replace('y', '\0'));
const anyValue = fc.oneof(fc.jsonValue(), anyText, fc.constantFrom('\ud800', '\0', '', null, 1e300, [], {}));
/** Events of which some fields are right, some are anything, some are missing, and some are too many. */
const anyEvent = fc.oneof(
  validEvent,
  anyValue,
  fc
    .tuple(
      validEvent,
      fc.record(
        { event_id: anyValue, user_id: anyValue, properties: anyValue, x: anyValue },
        { requiredKeys: [] },
      ),
    )
    .map(([event, change]) => ({ ...event, ...change })),
);

const parsedOrBatchError = (parse: () => ParsedBatch): ParsedBatch | undefined => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof BatchError) return undefined;
    throw error;
  }
};

const holdsUnstorable = (value: unknown): boolean => {
  if (typeof value === 'string') return /[\0\p{Cs}]/u.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, child]) => holdsUnstorable(name) || holdsUnstorable(child));
};

const expectSound = (batch: ParsedBatch) => {
  for (const { event } of batch.accepted) {
    expect(holdsUnstorable(event)).toBe(false);
    expect(JSON.stringify(event)).not.toMatch(/\\u0000|\\ud[89a-f]/i);
  }
  for (const { path, message } of batch.problems) {
    expect(`${path} ${message}`).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    expect(path.length).toBeLessThanOrEqual(256);
  }
  const looked = [...batch.accepted, ...batch.problems].map(({ index }) => index);
  expect([...new Set(looked)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: batch.total }, (_, at) => at),
  );
  const bad = new Set(batch.problems.map(({ index }) => index));
  expect(batch.accepted.filter(({ index }) => bad.has(index))).toEqual([]);
};

describe('whatever is sent', () => {
  test('valid events go through the wire unchanged, by every way in', () => {
    fc.assert(
      fc.property(
        fc.array(validEvent, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 20_000, max: 60_000 }),
        (sent, maxBytes) => {
          const asSent = sent.map((event) => JSON.stringify(event));
          const wanted = asSent.map((text, at) =>
            text.replace(sent[at]?.event_id ?? '', (id) => id.toLowerCase()),
          );
          const batch = parseJsonBatch(Buffer.from(`{"events":[${asSent.join(',')}]}`), options);
          expect(batch.problems).toEqual([]);
          expect(parseNdjsonBatch(Buffer.from(asSent.join('\n')), options)).toEqual(batch);
          const rows = sent.map(({ properties, ...rest }) =>
            validateCsvFields({ ...rest, properties_json: JSON.stringify(properties) }, options),
          );
          expect(rows).toEqual(batch.accepted.map(({ event }) => ({ ok: true, event })));

          const messages = encodeWireMessages(
            batch.accepted.map(({ event }) => event),
            { receivedAt, maxBytes },
          );
          const decoded = messages.map((bytes) => decodeWireMessage(bytes));
          expect(decoded.flatMap(({ poison }) => poison)).toEqual([]);
          expect(decoded.flatMap(({ events }) => events.map(({ event }) => JSON.stringify(event)))).toEqual(
            wanted,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('JSON of any shape gives a sound batch or a BatchError', () => {
    const body = fc.oneof(
      anyValue,
      fc.array(anyEvent, { maxLength: 6 }).map((events) => ({ events })),
    );
    fc.assert(
      fc.property(body, (value) => {
        const batch = parsedOrBatchError(() => parseJsonBatch(Buffer.from(JSON.stringify(value)), options));
        if (batch) expectSound(batch);
      }),
      { numRuns: 1_000 },
    );
  });

  test('lines of anything give a sound batch or a BatchError', () => {
    const line = fc.oneof(
      anyEvent.map((event) => JSON.stringify(event)),
      fc.string(),
      fc.constant(''),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const batch = parsedOrBatchError(() => parseNdjsonBatch(Buffer.from(lines.join('\n')), options));
        if (batch) expectSound(batch);
      }),
      { numRuns: 500 },
    );
  });

  test('any bytes give an answer, also from the stream', () => {
    const decodedOrWireError = (bytes: Uint8Array) => {
      try {
        decodeWireMessage(bytes);
      } catch (error) {
        if (!(error instanceof WireFormatError)) throw error;
      }
      readLineMessage(bytes);
    };
    const envelope = fc
      .array(anyEvent, { maxLength: 4 })
      .map((events) => Buffer.from(JSON.stringify({ v: 1, received_at: receivedAt, events })));
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.oneof(
            anyText,
            anyEvent.map((event) => JSON.stringify(event)),
          ),
          { maxLength: 6 },
        )
        .map((fields) => fields.join('\t')),
    );
    const lines = fc
      .array(line, { maxLength: 4 })
      .map((events) => Buffer.from([`{"v":2,"received_at":"${receivedAt}"}`, ...events].join('\n')));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), envelope, lines), (bytes) => {
        parsedOrBatchError(() => parseJsonBatch(bytes, options));
        parsedOrBatchError(() => parseNdjsonBatch(bytes, options));
        decodedOrWireError(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
