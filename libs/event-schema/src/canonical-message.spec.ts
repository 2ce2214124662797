import type { AcceptedEvent } from './accepted-event.js';
import { readCanonicalMessage, type CanonicalEvent } from './canonical-message.js';
import { decodeWireMessage, encodeWireMessages } from './wire-message.js';

const receivedAt = '2024-03-04T10:00:00.000Z';
const event = (o: Partial<AcceptedEvent> = {}): AcceptedEvent => ({
  event_id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  user_id: 'user 1',
  event_type: 'page_view',
  occurred_at: '2024-02-29T23:59:59.999Z',
  properties: {},
  ...o,
});
const message = (events: readonly AcceptedEvent[]): Uint8Array => {
  const [only] = encodeWireMessages(events, { receivedAt, maxBytes: 1e6 });
  return only ?? new Uint8Array();
};
const withText = (from: string, to: string): Uint8Array =>
  Buffer.from(
    Buffer.from(message([event({ properties: { a: 1 } }), event()]))
      .toString()
      .replace(from, to),
  );

const parsed = ({ event_id, user_id, event_type, occurred_at, properties_json }: CanonicalEvent) => ({
  event_id,
  user_id,
  event_type,
  occurred_at,
  properties: JSON.parse(properties_json) as unknown,
});

describe('readCanonicalMessage', () => {
  const written: [string, Partial<AcceptedEvent>][] = [
    ['nothing in its properties', {}],
    ['names of all sorts', { user_id: 'Zoë 🐈 {a,b}', event_type: '漢字/tab?' }],
    ['texts with escapes', { properties: { 'a"\\\t': '\r\n\b\f"\\/', é: '🐈\u2028\u007f' } }],
    ['numbers', { properties: { a: [0, -1, 1.5, 1e21, 1e-7, 0.1 + 0.2, 123456789012] } }],
    ['the other values', { properties: { a: true, b: false, c: null, d: [], e: {} } }],
    ['three levels', { properties: { a: { b: [1, { c: 'd' }].slice(0, 1), e: { f: 'g' } } } }],
    [
      'keys that JavaScript knows',
      { properties: JSON.parse('{"__proto__":{"constructor":1}}') as object as AcceptedEvent['properties'] },
    ],
    ['something that looks like another event', { properties: { a: '"},{"event_id":"' } }],
    ['the last day of a long month', { occurred_at: '2024-12-31T00:00:00.000Z' }],
  ];
  test.each(written)('reads what was written as it was written: %s', (_, fields) => {
    const events = [event(), event(fields), event()];
    const read = readCanonicalMessage(message(events));
    expect(
      read?.map((one) => {
        expect(one.received_at).toBe(receivedAt);
        // eslint-disable-next-line no-control-regex
        expect(one.properties_json).not.toMatch(/[\0-\x1f]/);
        return parsed(one);
      }),
    ).toEqual(events);
  });

  const otherwise: [string, Uint8Array][] = [
    ['a NUL in a text', message([event({ properties: { a: '\0' } })])],
    ['half a surrogate pair', message([event({ properties: { a: '\ud800' } })])],
    ['an escape in a name', message([event({ user_id: 'a"b' })])],
    ['a control character in a name', message([event({ user_id: 'a\u0085b' })])],
    ['a name that is too long', message([event({ user_id: 'u'.repeat(385) })])],
    ['an empty name', message([event({ event_type: '' })])],
    ['a day that does not exist', message([event({ occurred_at: '2023-02-29T00:00:00.000Z' })])],
    ['an instant that is not in its one spelling', withText('59.999Z', '59.99Z')],
    ['an id in capitals', withText('a0eebc99', 'A0EEBC99')],
    ['an unknown field', withText('"properties"', '"more":1,"properties"')],
    [
      'fields in another order',
      withText('"user_id":"user 1","event_type":"page_view"', '"event_type":"a","user_id":"b"'),
    ],
    ['a number that JavaScript changes', withText('"a":1', '"a":9007199254740993')],
    ['a number past all bounds', withText('"a":1', '"a":1e400')],
    ['a number with a zero before it', withText('"a":1', '"a":01')],
    ['properties that are no object', withText('{"a":1}', '[1]')],
    ['a comma too many', withText('{"a":1}', '{"a":1,}')],
    ['a comma too many between events', withText('}},{', '}},,{')],
    ['a comma too few', withText('{"a":1}', '{"a":1"b":2}')],
    ['white space', withText('{"a":1}', '{"a": 1}')],
    ['another version', withText('"v":1', '"v":2')],
    ['something behind it', Buffer.concat([message([event()]), Buffer.from(' ')])],
    ['no end', message([event()]).subarray(0, -1)],
    ['no events', withText('"events":[', '"events":[],"x":[')],
    ['no UTF-8', Buffer.concat([message([event()]), Buffer.from([0xff])])],
    ['four levels', message([event({ properties: { a: { b: { c: { d: 1 } } } } })])],
    ['very much', message([event({ properties: { a: 'x'.repeat(100_000) } })])],
  ];
  test.each(otherwise)('leaves alone what is anything else: %s', (_, bytes) => {
    expect(readCanonicalMessage(bytes)).toBeUndefined();
  });

  test('takes nothing that decodeWireMessage refuses, whatever is changed in a message', () => {
    const text = Buffer.from(
      message([event({ properties: { a: [1, 'x\n', null], b: { c: -0.5 } } }), event({ user_id: 'é' })]),
    ).toString();
    const signs = [...'{}[]",:\\019eE.-+au\u0000\n \u0085é🐈', '"a":1', '\\u0000', '\\ud800', '1e400'];
    let taken = 0;
    for (let at = 0; at < text.length; at++) {
      for (const sign of signs) {
        for (const removed of [0, 1]) {
          const changed = Buffer.from(text.slice(0, at) + sign + text.slice(at + removed));
          const read = readCanonicalMessage(changed);
          if (read === undefined) continue;
          taken += 1;
          const { events, poison } = decodeWireMessage(changed);
          expect(poison).toEqual([]);
          expect(read.map(parsed)).toEqual(events.map((decoded) => decoded.event));
        }
      }
    }
    expect(taken).toBeGreaterThan(500);
  });
});
