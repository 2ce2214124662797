import type { AcceptedEvent } from './accepted-event.js';
import { CEILING_LIMITS } from './limits.js';
import {
  decodeWireMessage,
  encodeWireMessages,
  encodeWirePieces,
  joinWirePieces,
  MAX_WIRE_EVENT_BYTES,
  messageOfJson,
  WIRE_ENVELOPE_BYTES,
  WireFormatError,
  type WireMessage,
} from './wire-message.js';

const receivedAt = '2024-05-01T12:00:01.000Z';
const event = (n: number, change: Partial<AcceptedEvent> = {}): AcceptedEvent => ({
  event_id: `018f4e5a-9c1b-7c3d-8e2f-${String(n).padStart(12, '0')}`,
  user_id: 'u',
  event_type: 't',
  occurred_at: '2024-05-01T12:00:00.000Z',
  properties: {},
  ...change,
});
const message = (...events: string[]) =>
  Buffer.from(`{"v":1,"received_at":"${receivedAt}","events":[${events.join(',')}]}`);
const textOf = (n: number, change: Record<string, unknown> = {}) =>
  JSON.stringify({ ...event(n), ...change });
const header = `{"v":2,"received_at":"${receivedAt}"}`;
const lines = (...texts: string[]) => Buffer.from([header, ...texts].join('\n'));
const lineText = (n: number, change: Partial<AcceptedEvent> = {}) => {
  const { event_id, occurred_at, user_id, event_type, properties } = event(n, change);
  return [event_id, occurred_at, user_id, event_type, JSON.stringify(properties)].join('\t');
};
const encode = (events: AcceptedEvent[], maxBytes: number) =>
  encodeWireMessages(events, { receivedAt, maxBytes });

describe('encodeWireMessages', () => {
  test('writes the documented form', () => {
    const properties = { 'a\t"': 'x\ny', é: [1, '🐈'] };
    const [bytes] = encode([event(1), event(2, { user_id: 'Zoë "\\', properties })], 1e6);
    expect(Buffer.from(bytes ?? []).toString()).toBe(
      '{"v":2,"received_at":"2024-05-01T12:00:01.000Z"}\n' +
        '018f4e5a-9c1b-7c3d-8e2f-000000000001\t2024-05-01T12:00:00.000Z\tu\tt\t{}\n' +
        '018f4e5a-9c1b-7c3d-8e2f-000000000002\t2024-05-01T12:00:00.000Z\tZoë "\\\tt\t{"a\\t\\"":"x\\ny","é":[1,"🐈"]}',
    );
  });

  test('no events need no message', () => {
    expect(encode([], 1000)).toEqual([]);
  });

  test('splits in order, never past the limit, and as few as fit', () => {
    const events = Array.from({ length: 100 }, (_, n) => event(n, { properties: { text: 'é'.repeat(n) } }));
    const whole = encode(events, 1e6)[0]?.byteLength ?? 0;
    for (const maxBytes of [500, 1_000, 4_096, whole - 1, whole]) {
      const messages = encode(events, maxBytes);
      expect(Math.max(...messages.map((bytes) => bytes.byteLength))).toBeLessThanOrEqual(maxBytes);
      expect(
        messages.flatMap((bytes) => decodeWireMessage(bytes).events.map((entry) => entry.event)),
      ).toEqual(events);
      messages.slice(1).forEach((bytes, at) => {
        const previous = decodeWireMessage(messages[at] ?? bytes).events;
        const [first] = decodeWireMessage(bytes).events;
        const together = [...previous, ...(first ? [first] : [])].map((entry) => entry.event);
        expect(encode(together, 1e6)[0]?.byteLength).toBeGreaterThan(maxBytes);
      });
    }
    expect(encode(events, whole)).toHaveLength(1);
  });

  test('the largest event there can be fits MAX_WIRE_EVENT_BYTES', () => {
    const largest = event(1, {
      user_id: '😀'.repeat(CEILING_LIMITS.maxUserIdLength),
      event_type: '😀'.repeat(CEILING_LIMITS.maxEventTypeLength),
      properties: { a: '"'.repeat((CEILING_LIMITS.maxPropertiesBytes - '{"a":""}'.length) / 2) },
    });
    const [bytes] = encode([largest], MAX_WIRE_EVENT_BYTES);
    expect(decodeWireMessage(bytes ?? Buffer.of())).toEqual({
      receivedAt,
      events: [{ index: 0, event: largest }],
      poison: [],
    });
  });

  test('an event that no message can hold is a programming error, never cut', () => {
    expect(() => encode([event(1, { user_id: 'u'.repeat(500) })], 400)).toThrow(RangeError);
  });
});

describe('pieces of several requests in one message', () => {
  const requests = [[event(1), event(2, { properties: { é: '"\\😀' } })], [event(3)]];
  const pieces = requests.flatMap((events) => encodeWirePieces(events, { maxBytes: 1e6 }));

  test('hold the events of all, in order', () => {
    const message = joinWirePieces(pieces, { receivedAt });
    expect(pieces).toHaveLength(2);
    expect(decodeWireMessage(message).events.map((entry) => entry.event)).toEqual(requests.flat());
  });

  test('need exactly the bytes that are reckoned for them', () => {
    const message = joinWirePieces(pieces, { receivedAt });
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    expect(message.byteLength).toBe(bytes + (pieces.length - 1) + WIRE_ENVELOPE_BYTES);
    for (const piece of pieces) expect(Buffer.byteLength(piece.text)).toBe(piece.bytes);
  });

  test('of no events there are none', () => {
    expect(encodeWirePieces([], { maxBytes: 1e6 })).toEqual([]);
  });
});

describe('messageOfJson', () => {
  test.each([textOf(1), '{ "a" : 1 }', '7'])('holds the text as it is: %s', (text) => {
    const bytes = messageOfJson(text, { receivedAt });
    expect(Buffer.from(bytes).toString()).toBe(String(message(text)));
    const { events, poison } = decodeWireMessage(bytes);
    expect([...events.map((entry) => JSON.stringify(entry.event)), ...poison.map(({ raw }) => raw)]).toEqual([
      text,
    ]);
  });
});

describe('decodeWireMessage', () => {
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;

  test.each<[string, string, string]>([
    ['NUL', textOf(9, { properties: { a: 'x\0' } }), 'nul_character'],
    ['NUL in the user', textOf(9, { user_id: '\0' }), 'nul_character'],
    ['half a pair', textOf(9, { user_id: '\ud800' }), 'lone_surrogate'],
    ['a user_id of 3 KB', textOf(9, { user_id: 'u'.repeat(3072) }), 'too_long'],
    ['an event_id of 3 KB', textOf(9, { event_id: 'a'.repeat(3072) }), 'invalid_uuid'],
    ['a changed number', textOf(9).replace('{}', '{"a":9007199254740993}'), 'number_precision'],
    ['an infinite number', textOf(9).replace('{}', '{"a":1e400}'), 'number_precision'],
    ['a depth that overflows JSON.stringify', textOf(9).replace('{}', deep), 'properties_too_deep'],
    ['a date before the calendar', textOf(9, { occurred_at: '0001-01-01T00:00:00Z' }), 'timestamp_too_old'],
    ['a date after the calendar', textOf(9, { occurred_at: '9999-12-31T23:59:59Z' }), 'timestamp_in_future'],
    ['an unknown field', textOf(9, { extra: 1 }), 'unknown_field'],
    ['no event', 'null', 'invalid_type'],
    ['an array', '[[{"events":[1]}]]', 'invalid_type'],
  ])('sets %s apart with its text, and keeps its neighbours', (_, text, reason) => {
    const decoded: WireMessage = decodeWireMessage(message(textOf(1), text, ` ${textOf(2)} `));
    expect(decoded.events).toEqual([
      { index: 0, event: event(1) },
      { index: 2, event: event(2) },
    ]);
    expect(decoded.poison).toEqual([{ index: 1, reason, message: expect.any(String), raw: text }]);
  });

  const lineWith = (properties: string) => lineText(9).replace('{}', () => properties);
  const asJson = (properties: string) => textOf(9).replace('{}', () => properties);

  test.each<[string, string, string, string?]>([
    ['properties that are no JSON', lineWith('{"a":1'), 'invalid_json'],
    ['two objects', lineWith('{}{}'), 'invalid_json'],
    ['no properties', lineWith(''), 'invalid_json'],
    ['a tab in a text of them', lineWith('{"a":"\t"}'), 'invalid_json'],
    ['properties that are no object', lineWith('[1]'), 'invalid_type', asJson('[1]')],
    ['NUL', lineWith('{"a":"\\u0000"}'), 'nul_character', asJson('{"a":"\\u0000"}')],
    ['half a pair', lineWith('{"a":"\\ud800"}'), 'lone_surrogate', asJson('{"a":"\\ud800"}')],
    ['a changed number', lineWith('{"a":1e400}'), 'number_precision', asJson('{"a":1e400}')],
    ['a depth that overflows JSON.stringify', lineWith(deep), 'properties_too_deep', asJson(deep)],
    [
      'a control character in a name',
      lineText(9, { user_id: 'a\u0085"' }),
      'control_character',
      textOf(9, { user_id: 'a\u0085"' }),
    ],
    [
      'an event_id of 3 KB',
      'a'.repeat(3072) + lineText(9).slice(36),
      'invalid_uuid',
      textOf(9, { event_id: 'a'.repeat(3072) }),
    ],
    ['four fields', lineText(9).replace('\tt', ''), 'invalid_type'],
    ['an event as JSON', textOf(9), 'invalid_type'],
    ['an empty line', '', 'invalid_type'],
  ])(
    'sets a line of %s apart, as JSON where it can be, and keeps its neighbours',
    (_, line, reason, raw = line) => {
      const decoded = decodeWireMessage(lines(lineText(1), line, lineText(2)));
      expect(decoded.events).toEqual([
        { index: 0, event: event(1) },
        { index: 2, event: event(2) },
      ]);
      expect(decoded.poison).toEqual([{ index: 1, reason, message: expect.any(String), raw }]);
    },
  );

  test('reads lines that are spelt otherwise', () => {
    const spaced = lineWith('{ "a":\t[ 1.0 ] }').replace('018f4e5a', '018F4E5A').replace('00.000Z', '00Z');
    const whole = lines(lineText(1), spaced).toString();
    const read = {
      receivedAt,
      events: [
        { index: 0, event: event(1) },
        { index: 1, event: event(9, { properties: { a: [1] } }) },
      ],
      poison: [],
    };
    expect(decodeWireMessage(Buffer.from(whole))).toEqual(read);
    const otherHeader = '\ufeff{ "received_at": "2024-05-01T14:00:01+02:00", "v": 2, "more": 1 }';
    expect(decodeWireMessage(Buffer.from(whole.replace(header, otherHeader)))).toEqual(read);
  });

  test('reads JSON that stands on several lines', () => {
    const whole = JSON.stringify(JSON.parse(message(textOf(1)).toString()), null, 1);
    expect(decodeWireMessage(Buffer.from(whole)).events).toEqual([{ index: 0, event: event(1) }]);
  });

  test.each<[string, Uint8Array | string, string]>([
    ['nothing', '', 'invalid_json'],
    ['not JSON', 'poison', 'invalid_json'],
    ['cut JSON', '{"v":1,"events":[', 'invalid_json'],
    ['no UTF-8', Buffer.from([0xff, 0xfe]), 'invalid_utf8'],
    ['null', 'null', 'invalid_envelope'],
    ['an array', '[]', 'invalid_envelope'],
    ['no version', '{"events":[]}', 'unknown_version'],
    ['another version', '{"v":3,"received_at":"2024-01-01T00:00:00Z","events":[]}', 'unknown_version'],
    [
      'another version of lines',
      `{"v":3,"received_at":"2024-01-01T00:00:00Z"}\n${lineText(1)}`,
      'invalid_json',
    ],
    ['lines without a header', `${lineText(1)}\n${lineText(2)}`, 'invalid_json'],
    ['a header alone', header, 'invalid_envelope'],
    ['JSON of version 2', '{"v":2,"received_at":"2024-01-01T00:00:00Z","events":[]}', 'invalid_envelope'],
    ['lines without a time', `{"v":2}\n${lineText(1)}`, 'invalid_envelope'],
    [
      'lines of a bad time',
      `{"v":2,"received_at":"2024-02-30T00:00:00Z"}\n${lineText(1)}`,
      'invalid_envelope',
    ],
    ['no time', '{"v":1,"events":[]}', 'invalid_envelope'],
    ['a bad time', '{"v":1,"received_at":"yesterday","events":[]}', 'invalid_envelope'],
    [
      'a time of five digits of year',
      '{"v":1,"received_at":"9999-12-31T23:59:59-01:00","events":[]}',
      'invalid_envelope',
    ],
    ['no events', '{"v":1,"received_at":"2024-01-01T00:00:00Z"}', 'invalid_envelope'],
  ])('throws a WireFormatError for %s', (_, bytes, code) => {
    const decode = () => decodeWireMessage(Buffer.from(bytes));
    expect(decode).toThrow(WireFormatError);
    expect(decode).toThrow(expect.objectContaining({ code }));
  });

  test('asks no clock and no configuration: what was accepted once stays accepted', () => {
    const wide = event(1, {
      occurred_at: '2090-01-01T00:00:00.000Z',
      user_id: 'u'.repeat(CEILING_LIMITS.maxUserIdLength),
      properties: { a: 'x'.repeat(200_000) },
    });
    const old = event(2, { occurred_at: '1950-01-01T00:00:00.000Z' });
    expect(decodeWireMessage(message(JSON.stringify(wide), JSON.stringify(old))).poison).toEqual([]);
  });
});
