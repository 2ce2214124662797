import { decodeWireMessage } from '@event-analytics/event-schema';
import { WHOLE_MESSAGE, type StoredDeadLetter } from '@event-analytics/nats-client';
import { messagesOfLetter, messagesOfPayload, PayloadError } from './replay-messages.js';

const NOW_MS = Date.UTC(2024, 2, 5);
const EVENT = {
  event_id: '00000000-0000-4000-8000-000000000001',
  user_id: 'u',
  event_type: 't',
  occurred_at: '2024-03-04T09:00:00.000Z',
  properties: { a: 1 },
};
const text = (value: unknown) => Buffer.from(JSON.stringify(value));
const LINES = [
  '{"v":2,"received_at":"2024-03-04T10:00:00.000Z"}',
  [EVENT.event_id, EVENT.occurred_at, 'u', 't', '{"a":1}'].join('\t'),
].join('\n');
const letter = (o: Partial<StoredDeadLetter> = {}): StoredDeadLetter => ({
  sequence: 1,
  copies: [],
  payload: text(EVENT),
  storedAtMs: NOW_MS,
  reason: 'r',
  error: 'e',
  streamSequence: 1,
  streamEpoch: '2024-03-04T00:00:00Z',
  index: 0,
  attempts: 1,
  receivedAt: '2024-03-04T10:00:00.000Z',
  ...o,
});
const read = (messages: Uint8Array[]) => messages.map((message) => decodeWireMessage(message));

test('an event goes into a message of its own, received when it was', () => {
  expect(read(messagesOfLetter(letter()))).toEqual([
    { receivedAt: '2024-03-04T10:00:00.000Z', events: [{ index: 0, event: EVENT }], poison: [] },
  ]);
});

test.each([undefined, 'soon'])('received %s: not known, so when the letter was put', (receivedAt) => {
  const [message] = read(messagesOfLetter(letter({ receivedAt })));
  expect(message?.receivedAt).toBe(new Date(NOW_MS).toISOString());
});

test('an event that is still poison is put back as it stands: it comes back with its text', () => {
  const poison = '{"event_id":"x" , "n":9007199254740993,"u":"\\ud800"}';
  const [message] = read(messagesOfLetter(letter({ payload: Buffer.from(poison) })));
  expect(message?.events).toEqual([]);
  expect(message?.poison.map(({ raw }) => raw)).toEqual([poison]);
});

test('a whole message goes back byte for byte', () => {
  const payload = Uint8Array.of(0, 255, 10);
  expect(messagesOfLetter(letter({ index: WHOLE_MESSAGE, payload }))).toEqual([payload]);
});

test.each(['', '{', '{},{}', '1]} '])('an event that is no JSON would spoil the message: %j', (payload) => {
  expect(() => messagesOfLetter(letter({ payload: Buffer.from(payload) }))).toThrow(PayloadError);
});

test.each([
  ['one event', text(EVENT)],
  ['one event with a byte order mark', Buffer.from(`\ufeff${JSON.stringify(EVENT)}`)],
  ['a body as it is posted', text({ events: [EVENT] })],
  ['a message', text({ v: 1, received_at: '2024-03-04T10:00:00.000Z', events: [EVENT] })],
  [
    'a message on a line',
    Buffer.from(`{"v":1,"received_at":"2024-03-04T10:00:00.000Z","events":[${JSON.stringify(EVENT)}]}\n`),
  ],
  ['a message of lines', Buffer.from(LINES)],
  ['a message of lines as an editor leaves it', Buffer.from(`${LINES}\n`)],
])('in its stead: %s', (_what, payload) => {
  for (const l of [letter(), letter({ index: WHOLE_MESSAGE })]) {
    expect(read(messagesOfPayload(payload, l, NOW_MS))).toEqual([
      { receivedAt: '2024-03-04T10:00:00.000Z', events: [{ index: 0, event: EVENT }], poison: [] },
    ]);
  }
});

test('what is given is normalised as the gateway does it', () => {
  const given = {
    ...EVENT,
    event_id: EVENT.event_id.toUpperCase(),
    occurred_at: '2024-03-04T10:00:00.0009+01:00',
  };
  expect(read(messagesOfPayload(text(given), letter(), NOW_MS))[0]?.events[0]?.event).toEqual(EVENT);
});

test.each([
  [text({ ...EVENT, user_id: '', more: 1 }), /user_id.*; more is no field/],
  [text([EVENT]), /must be a JSON object/],
  [text({ events: [] }), /no events/],
  [text({ events: [EVENT], more: 1 }), /more is no field of the body/],
  [text({ events: [EVENT, { ...EVENT, user_id: 'a\u0000' }] }), /^event 1: .*user_id/],
  [text({ v: 1, received_at: 'x', events: [EVENT] }), /received_at/],
  [text({ v: 1, received_at: '2024-03-04T10:00:00Z', events: [7] }), /^event 0: an event must be/],
  [Buffer.from(LINES.replace('{"a":1}', '{"a":1e400}')), /^event 0: properties.a is no number/],
  [Buffer.from(`${LINES}\n\n`), /^event 1: .*five fields/],
  [Buffer.from(LINES.replace('"v":2', '"v":3')), /not JSON/],
  [Buffer.from(`${JSON.stringify(EVENT)}\n${JSON.stringify(EVENT)}`), /it is not JSON/],
  [Buffer.from('{},{}'), /it is not JSON/],
  [Uint8Array.of(0xff), /it is not UTF-8/],
])('refuses %p in words', (payload, words) => {
  expect(() => messagesOfPayload(payload, letter(), NOW_MS)).toThrow(PayloadError);
  expect(() => messagesOfPayload(payload, letter(), NOW_MS)).toThrow(words);
});
