import fc from 'fast-check';
import type { AcceptedEvent } from './accepted-event.js';
import { lineOf } from './event-line.js';
import { CEILING_LIMITS } from './limits.js';
import { readLineMessage, type LineEvent } from './line-message.js';
import { parseInstantMs } from './occurred-at.js';
import { decodeWireMessage, encodeWireMessages, type WirePoison } from './wire-message.js';

const receivedAt = '2024-03-04T10:00:00.000Z';
const event = (o: Partial<AcceptedEvent> = {}): AcceptedEvent => ({
  event_id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  user_id: 'user 1',
  event_type: 'page_view',
  occurred_at: '2024-02-29T23:59:59.999Z',
  properties: {},
  ...o,
});
const message = (events: readonly AcceptedEvent[]): Buffer => {
  const [only] = encodeWireMessages(events, { receivedAt, maxBytes: 1e6 });
  return Buffer.from(only ?? []);
};
const GOOD = event({ properties: { a: 1 } });
const withText = (from: string, to: string): Buffer =>
  Buffer.from(
    message([GOOD, event()])
      .toString()
      .replace(from, () => to),
  );

const isLine = (one: LineEvent | AcceptedEvent): one is LineEvent => 'line' in one;
/** What a line says, once its properties are parsed; undefined where they cannot be, or hold what cannot be stored. */
const parsed = (one: LineEvent): AcceptedEvent | undefined => {
  const { event_id, user_id, event_type, occurred_at, properties_json } = one;
  expect(one.line).toBe(lineOf(one, properties_json));
  const texts: unknown[] = [];
  try {
    const properties = JSON.parse(properties_json, (key, value: unknown) => {
      texts.push(key, value);
      return value;
    }) as AcceptedEvent['properties'];
    const cannotBeStored = texts.some((text) => typeof text === 'string' && /[\0\p{Cs}]/u.test(text));
    return cannotBeStored ? undefined : { event_id, user_id, event_type, occurred_at, properties };
  } catch {
    return undefined;
  }
};

/** What is said is what decodeWireMessage says, but of lines whose properties nobody has parsed; how many lines stayed such. */
const expectSame = (bytes: Uint8Array): number => {
  const read = readLineMessage(bytes);
  if (read === undefined) return 0;
  const wanted = decodeWireMessage(bytes);
  const refused = new Map<number, WirePoison>(wanted.poison.map((poison) => [poison.index, poison]));
  expect(read.receivedAt).toBe(wanted.receivedAt);
  const events: { index: number; event: AcceptedEvent }[] = [];
  let lines = 0;
  for (const { index, event: one } of read.events) {
    if (!isLine(one)) {
      events.push({ index, event: one });
      continue;
    }
    lines += 1;
    expect(one.received_at).toBe(wanted.receivedAt);
    const same = parsed(one);
    if (same !== undefined) events.push({ index, event: same });
    else {
      expect(['invalid_json', 'nul_character', 'lone_surrogate']).toContain(refused.get(index)?.reason);
      refused.delete(index);
    }
  }
  expect(events).toEqual(wanted.events);
  expect(read.poison).toEqual([...refused.values()]);
  return lines;
};

describe('readLineMessage', () => {
  const written: [string, Partial<AcceptedEvent>][] = [
    ['nothing in its properties', {}],
    ['names of all sorts', { user_id: 'Zoë 🐈 {a,b}', event_type: '漢字/tab?' }],
    ['names with what JSON would escape', { user_id: 'a"b\\', event_type: '"' }],
    ['names as long as there can be', { user_id: 'u'.repeat(384), event_type: 'é'.repeat(256) }],
    ['texts with escapes', { properties: { 'a"\\\t': '\r\n\b\f"\\/', é: '🐈\u2028\u007f' } }],
    ['numbers', { properties: { a: [0, -1, 1.5, 1e21, 1e-7, 0.1 + 0.2, 123456789012] } }],
    ['the other values', { properties: { a: true, b: false, c: null, d: [], e: {} } }],
    ['three levels', { properties: { a: { b: [1, { c: 'd' }].slice(0, 1), e: { f: 'g' } } } }],
    ['many levels', { properties: { a: JSON.parse('['.repeat(127) + ']'.repeat(127)) as unknown } }],
    ['many brackets', { properties: { a: Array.from({ length: 60 }, () => []), b: 'x'.repeat(1_000) } }],
    [
      'keys that JavaScript knows',
      { properties: JSON.parse('{"__proto__":{"constructor":1}}') as object as AcceptedEvent['properties'] },
    ],
    ['something that looks like another event', { properties: { a: '"},{"event_id":"' } }],
    ['the last day of a long month', { occurred_at: '2024-12-31T00:00:00.000Z' }],
    ['much', { properties: { a: 'x'.repeat(80_000) } }],
  ];
  test.each(written)('reads what was written as it was written: %s', (_, fields) => {
    const events = [event(), event(fields), event()];
    const read = readLineMessage(message(events));
    expect(read?.poison).toEqual([]);
    expect(read?.events.map(({ event: one }) => isLine(one) && parsed(one))).toEqual(events);
    expect(read?.events.map(({ event: one }) => 'line' in one && one.line).join('\n')).toBe(
      message(events).toString().split('\n').slice(1).join('\n'),
    );
    expect(expectSame(message(events))).toBe(3);
  });

  const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  const otherwise: [string, Buffer][] = [
    ['a name that may be too long', message([event({ user_id: '🐈'.repeat(384) }), event()])],
    ['a name that is too long', message([event({ user_id: 'u'.repeat(385) }), event()])],
    ['a type that is too long', message([event({ event_type: 'u'.repeat(257) }), event()])],
    ['an empty name', message([event({ event_type: '' }), event()])],
    ['a control character in a name', message([event({ user_id: 'a\u0085b' }), event()])],
    ['a delete character in a name', message([event({ user_id: 'a\u007fb' }), event()])],
    ['a day that does not exist', message([event({ occurred_at: '2023-02-29T00:00:00.000Z' }), event()])],
    ['a 31st that does not exist', message([event({ occurred_at: '2023-04-31T00:00:00.000Z' }), event()])],
    ['an instant that is not in its one spelling', withText('59.999Z', '59.99Z')],
    ['a year before our time', withText('2024-02-29T', '1899-02-28T')],
    ['an id in capitals', withText('a0eebc99', 'A0EEBC99')],
    ['a field too many', withText('page_view', 'page_view\tmore')],
    ['a field too few', withText('\tpage_view', '')],
    ['fields in another order', withText('user 1\tpage_view\t{"a":1}', '{"a":1}\tuser 1\tpage_view')],
    ['a number that JavaScript changes', withText('"a":1', '"a":9007199254740993')],
    ['a number past all bounds', withText('"a":1', '"a":1e400')],
    ['properties that are no object', withText('{"a":1}', '[1]')],
    ['white space before them', withText('{"a":1}', ' {"a":1}')],
    ['a tab in them', withText('{"a":1}', '{"a":\t1}')],
    ['too many levels', withText('{"a":1}', deep(CEILING_LIMITS.maxPropertiesDepth))],
    ['far too many levels', withText('{"a":1}', deep(100_000))],
    ['very much', message([event({ properties: { a: 'x'.repeat(100_000) } }), event()])],
    ['too much', message([event({ properties: { a: 'x'.repeat(300_000) } }), event()])],
    ['nothing', Buffer.from(`${String(message([GOOD]))}\n`)],
    ['a carriage return at its end', withText('{"a":1}\n', '{"a":1}\r\n')],
  ];
  test.each(otherwise)('reads a line of anything else as decodeWireMessage does: %s', (_, bytes) => {
    const lines = expectSame(bytes);
    expect(lines).toBe(1);
  });

  test.each([
    ['another version', withText('"v":2', '"v":3')],
    ['another spelling', withText('"v":2', '"v": 2')],
    ['another spelling of its instant', withText('10:00:00.000Z', '10:00:00Z')],
    ['a day that does not exist', withText('2024-03-04', '2024-02-30')],
    ['no line', message([]).subarray(0, 0)],
    ['no line break', withText('\n', ' ')],
    ['JSON', Buffer.from(`{"v":1,"received_at":"${receivedAt}","events":[]}`)],
    ['no UTF-8', Buffer.concat([message([event()]), Buffer.from([0xff])])],
  ])('leaves alone a message of %s', (_, bytes) => {
    expect(readLineMessage(bytes)).toBeUndefined();
  });

  test.each([
    '{"a":[1}',
    '{"a":01}',
    '{"a":1,}',
    '{"a" 1}',
    '{}{}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"a":"\\x"}',
  ])('does not look into properties: %s', (properties) => {
    const bytes = withText('{"a":1}', properties);
    const [first] = readLineMessage(bytes)?.events ?? [];
    expect(first && isLine(first.event) && first.event.properties_json).toBe(properties);
    expect(expectSame(bytes)).toBe(2);
  });

  test('knows the days of two centuries', () => {
    for (let year = 1900; year < 2100; year++) {
      for (let month = 1; month <= 12; month++) {
        for (let day = 27; day <= 31; day++) {
          const date = [year, month, day].map((n) => String(n).padStart(2, '0')).join('-');
          const occurred_at = `${date}T00:00:00.000Z`;
          const [entry] = readLineMessage(message([event({ occurred_at })]))?.events ?? [];
          expect([date, entry !== undefined && isLine(entry.event)]).toEqual([
            date,
            parseInstantMs(occurred_at) !== undefined,
          ]);
        }
      }
    }
  });

  test('says what decodeWireMessage says, whatever is changed in a message', () => {
    const text = message([
      event({ properties: { a: [1, 'x\n', null], b: { c: -0.5 } } }),
      event({ user_id: 'é' }),
    ]).toString();
    const signs = [...'{}[]",:\\019eE.-+au\u0000\n\t \u0085é🐈', '"a":1', '\\u0000', '\\ud800', '1e400'];
    let lines = 0;
    for (let at = 0; at < text.length; at++) {
      for (const sign of signs) {
        for (const removed of [0, 1]) {
          lines += expectSame(Buffer.from(text.slice(0, at) + sign + text.slice(at + removed)));
        }
      }
    }
    expect(lines).toBeGreaterThan(10_000);
  });

  test('says what decodeWireMessage says of any lines', () => {
    const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 5 }), fc.constantFrom('user 1', '{', '{}'));
    const json = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
      fc.object({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
      fc
        .dictionary(fc.string(), fc.oneof(fc.integer(), fc.double(), fc.string({ unit: 'binary' })))
        .map((o) => JSON.stringify(o)),
      fc.stringMatching(/^\{"a":-?\d{1,20}(\.\d{1,8})?([eE][-+]?\d{1,3})?\}$/),
      fc.string().map((text) => `{${text}}`),
    );
    const date = fc.date({ min: new Date(-3e12), max: new Date(5e12), noInvalidDate: true });
    const line = fc
      .tuple(fc.uuid(), date, name, name, json)
      .map(([id, at, user, type, properties]) => [id, at.toISOString(), user, type, properties].join('\t'));
    let lines = 0;
    const runs = 4_000;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), (texts) => {
        lines += expectSame(Buffer.from([`{"v":2,"received_at":"${receivedAt}"}`, ...texts].join('\n')));
      }),
      { numRuns: runs },
    );
    expect(lines).toBeGreaterThan(runs / 2);
  });
});
