import fc from 'fast-check';
import { lineOf } from './event-line.js';
import { parseJsonBatch } from './json-batch.js';
import { CEILING_LIMITS, DEFAULT_LIMITS, type EventLimits } from './limits.js';
import { parseNdjsonBatch } from './ndjson-batch.js';
import { encodeWireMessages } from './wire-message.js';
import { readWrittenEvents } from './written-events.js';

const nowMs = Date.UTC(2024, 5, 1);
const GOOD = {
  event_id: '018f4e5a-9c1b-7c3d-8e2f-0123456789ab',
  user_id: 'user-1',
  event_type: 'page_view',
  occurred_at: '2024-05-01T12:00:00.000Z',
  properties: {
    plan: 'pro',
    page: '/products/12345',
    n: 0,
    amount: -12.5,
    tags: ['a', 1, null],
    first: true,
  },
};
const GOOD_TEXT = JSON.stringify(GOOD);
const bodyOf = (...texts: string[]) => Buffer.from(`{"events":[${texts.join(',')}]}`);
const read = (body: Uint8Array, limits: EventLimits = DEFAULT_LIMITS) =>
  readWrittenEvents(body, 'json', { limits, nowMs });

/** What is read is what parsing gives, with nothing wrong in it; false when it is left to parsing. */
const expectSame = (body: Uint8Array, format: 'json' | 'ndjson', limits: EventLimits): boolean => {
  const written = readWrittenEvents(body, format, { limits, nowMs });
  if (written === undefined) return false;
  const batch = (format === 'json' ? parseJsonBatch : parseNdjsonBatch)(body, { limits, nowMs });
  expect(batch.problems).toEqual([]);
  expect(written).toEqual(
    batch.accepted.map(({ event }) => ({
      event_id: event.event_id,
      event_type: event.event_type,
      line: lineOf(event, JSON.stringify(event.properties)),
    })),
  );
  return true;
};

describe('readWrittenEvents', () => {
  const ordinary: [string, Record<string, unknown>][] = [
    ['ordinary properties', {}],
    ['no properties', { properties: undefined }],
    ['empty properties', { properties: {} }],
    ['names of another script', { user_id: 'Zoë 🐈 {a,b}', event_type: '漢字/tab?' }],
    ['texts of another script', { properties: { ключ: '🐈\u2028\u007f', b: '},{' } }],
    ['numbers', { properties: { a: [0, -1, 1.5, 0.000001, 123456789012345, -0.25, 999999999.999999] } }],
    ['keys that JavaScript knows', { properties: JSON.parse('{"__proto__":1,"constructor":2,"toJSON":3}') }],
    ['twelve properties', { properties: Object.fromEntries([...'abcdefghijkl'].map((key) => [key, key])) }],
    ['the last day of a month', { occurred_at: '2024-05-31T00:00:00.000Z' }],
  ];
  test.each(ordinary)('reads what is written as it will be: %s', (_, change) => {
    const text = JSON.stringify({ ...GOOD, ...change });
    expect(expectSame(bodyOf(GOOD_TEXT, text, GOOD_TEXT), 'json', DEFAULT_LIMITS)).toBe(true);
    for (const end of ['', '\n']) {
      const lines = Buffer.from(`${GOOD_TEXT}\n${text}${end}`);
      expect(expectSame(lines, 'ndjson', DEFAULT_LIMITS)).toBe(true);
    }
  });

  const otherwise: [string, string][] = [
    ['an id in capitals', GOOD_TEXT.replace('018f4e5a', '018F4E5A')],
    ['an instant of another spelling', GOOD_TEXT.replace('.000Z', 'Z')],
    ['an instant too early', GOOD_TEXT.replace('2024', '1989')],
    ['an instant too late', GOOD_TEXT.replace('2024', '2034')],
    ['a day that does not exist', GOOD_TEXT.replace('05-01T', '04-31T')],
    ['a name that is too long', GOOD_TEXT.replace('user-1', 'u'.repeat(257))],
    ['an empty name', GOOD_TEXT.replace('page_view', '')],
    ['a control character in a name', GOOD_TEXT.replace('user-1', 'a\u0085b')],
    ['an escape', GOOD_TEXT.replace('pro', 'p\\u0000')],
    ['white space', GOOD_TEXT.replace('"n":0', '"n": 0')],
    ['a key that is a number', GOOD_TEXT.replace('"n":0', '"7":0')],
    ['a repeated key', GOOD_TEXT.replace('"first"', '"plan"')],
    ['a key repeated at once', GOOD_TEXT.replace('"page"', '"plan"')],
    ['an object in properties', GOOD_TEXT.replace('"pro"', '{}')],
    ['an array in an array', GOOD_TEXT.replace('["a"', '[[]')],
    ['an unknown field', GOOD_TEXT.replace('"properties"', '"x":1,"properties"')],
    ['much', GOOD_TEXT.replace('pro', 'p'.repeat(11_000))],
    ...['-0', '1.0', '1.50', '1e3', '0.0000001', '01', '1234567890123456', '0.1234567', '1e400'].map(
      (number): [string, string] => [`the number ${number}`, GOOD_TEXT.replace('"n":0', `"n":${number}`)],
    ),
  ];
  test.each(otherwise)('leaves alone %s', (_, text) => {
    expect(text).not.toBe(GOOD_TEXT);
    expect(read(bodyOf(GOOD_TEXT, text))).toBeUndefined();
  });

  test.each([
    ['no events', bodyOf()],
    ['another field', Buffer.from(`{"events":[${GOOD_TEXT}],"x":1}`)],
    ['a comma too many', bodyOf(GOOD_TEXT, '')],
    ['no end', bodyOf(GOOD_TEXT).subarray(0, -1)],
    ['no UTF-8', Buffer.concat([bodyOf(GOOD_TEXT), Buffer.from([0xff])])],
    [
      'half a surrogate pair',
      Buffer.from(bodyOf(GOOD_TEXT.replace('pro', '<>')).toString().replace('<>', '\xed\xa0\x80'), 'latin1'),
    ],
    ['a line in place of a body', Buffer.from(GOOD_TEXT)],
    ['an array without end', bodyOf(GOOD_TEXT.replace('["a"', `[${'1,'.repeat(10_000_000)}1`))],
  ])('leaves alone a body of %s', (_, body) => {
    expect(read(body)).toBeUndefined();
  });

  test('obeys the limits', () => {
    const body = bodyOf(GOOD_TEXT, GOOD_TEXT);
    const bytes = Buffer.byteLength(JSON.stringify(GOOD.properties));
    const with_ = (change: Partial<EventLimits>) =>
      read(body, { ...DEFAULT_LIMITS, ...change }) !== undefined;
    expect(with_({ maxEventsPerRequest: 2, maxUserIdLength: 6, maxEventTypeLength: 9 })).toBe(true);
    expect(with_({ maxEventsPerRequest: 1 })).toBe(false);
    expect(with_({ maxUserIdLength: 5 })).toBe(false);
    expect(with_({ maxEventTypeLength: 8 })).toBe(false);
    expect(with_({ maxPropertiesBytes: bytes - 1 })).toBe(false);
    expect(with_({ maxPropertiesDepth: 1 })).toBe(false);
    expect(with_({ minOccurredAtMs: nowMs })).toBe(false);
    expect(with_({ maxAgeMs: 1_000 })).toBe(false);
    expect(with_({ maxFutureMs: -60 * 86_400_000 })).toBe(false);
  });

  test('what is written is published as an event would be', () => {
    const { accepted } = parseJsonBatch(bodyOf(GOOD_TEXT, GOOD_TEXT, GOOD_TEXT), {
      limits: DEFAULT_LIMITS,
      nowMs,
    });
    const written = read(bodyOf(GOOD_TEXT, GOOD_TEXT, GOOD_TEXT)) ?? [];
    const events = accepted.map(({ event }) => event);
    for (const maxBytes of [500, 900, 1e6]) {
      const o = { receivedAt: '2024-06-01T00:00:00.000Z', maxBytes };
      const wanted = encodeWireMessages(events, o).map(String);
      expect(encodeWireMessages(written, o).map(String)).toEqual(wanted);
      expect(encodeWireMessages([...written.slice(0, 1), ...events.slice(1)], o).map(String)).toEqual(wanted);
    }
  });

  test('says what parsing says, whatever is changed in a body', () => {
    const body = bodyOf(GOOD_TEXT, JSON.stringify({ ...GOOD, properties: { é: 'x', ab: [] } })).toString();
    const signs = [...'{}[]",:\\019eE.-+au\u0000\n \u0085é🐈', '"a":1,', '"n":0,', '\\ud800', '.0', '00'];
    let taken = 0;
    for (let at = 0; at < body.length; at++) {
      for (const sign of signs) {
        for (const removed of [0, 1]) {
          const changed = Buffer.from(body.slice(0, at) + sign + body.slice(at + removed));
          if (expectSame(changed, 'json', DEFAULT_LIMITS)) taken += 1;
        }
      }
    }
    expect(taken).toBeGreaterThan(500);
  });

  test('says what parsing says of any events', () => {
    const key = fc.oneof(fc.string({ maxLength: 2 }), fc.constantFrom('__proto__', 'toJSON', 'a', 'b', '0'));
    const number = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }),
      fc
        .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: 0, max: 8 }))
        .map(([n, e]) => n / 10 ** e),
    );
    const decimal = fc.stringMatching(/^-?\d{1,16}(\.\d{1,8})?$/);
    const scalar = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }).map((text) => JSON.stringify(text)),
      fc.string({ maxLength: 5 }).map((text) => JSON.stringify(text)),
      number.map((n) => JSON.stringify(n)),
      decimal,
      fc.constantFrom('true', 'null', '{}', '[]', '-0'),
    );
    const value = fc.oneof(
      { weight: 4, arbitrary: scalar },
      { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }).map((items) => `[${items.join(',')}]`) },
    );
    // As text, so that a key may come twice and a number have any spelling.
    const event = fc
      .tuple(
        fc.array(fc.tuple(key, value), { maxLength: 4 }),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
        fc.date({ min: new Date(0), max: new Date(nowMs + 2e8), noInvalidDate: true }),
      )
      .map(([members, name, date]) => {
        const properties = members.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',');
        return JSON.stringify({
          ...GOOD,
          user_id: name,
          occurred_at: date.toISOString(),
          properties: 0,
        }).replace('"properties":0', () => `"properties":{${properties}}`);
      });
    let taken = 0;
    const runs = 6_000;
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 2 }),
        fc.constantFrom(DEFAULT_LIMITS, CEILING_LIMITS),
        fc.boolean(),
        (events, limits, asLines) => {
          const body = asLines ? Buffer.from(events.join('\n')) : bodyOf(...events);
          if (expectSame(body, asLines ? 'ndjson' : 'json', limits)) taken += 1;
        },
      ),
      { numRuns: runs },
    );
    expect(taken).toBeGreaterThan(runs / 20);
  });
});
