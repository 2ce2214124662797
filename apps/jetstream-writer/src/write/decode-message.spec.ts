import { WHOLE_MESSAGE, type StreamMessage } from '@event-analytics/nats-client';
import { decodeMessage, unstorableLetter } from './decode-message.js';

const message = (data: string | Uint8Array): StreamMessage => ({
  data: typeof data === 'string' ? Buffer.from(data) : data,
  streamSequence: 42,
  deliveryCount: 3,
  storedAtMs: 0,
  streamEpoch: '2024-03-04T00:00:00Z',
});
const envelope = (...events: string[]) =>
  `{"v":1,"received_at":"2024-03-04T10:00:00.000Z","events":[${events.join(',')}]}`;
const good = (id: number) =>
  `{"event_id":"00000000-0000-4000-8000-00000000000${String(id)}","user_id":"u","event_type":"t","occurred_at":"2024-03-04T09:00:00.000Z","properties":{"a":1}}`;
const HEADER = '{"v":2,"received_at":"2024-03-04T10:00:00.000Z"}';
const lineOf = (id: number, properties = '{"a":1}') =>
  `00000000-0000-4000-8000-00000000000${String(id)}\t2024-03-04T09:00:00.000Z\tu\tt\t${properties}`;
const lines = (...texts: string[]) => [HEADER, ...texts].join('\n');

test.each([
  ['JSON', envelope(good(1), good(2))],
  ['lines', lines(lineOf(1), lineOf(2))],
])('events of a message of %s know where they came from and when they were received', (_what, text) => {
  const { entries, dead } = decodeMessage(message(text));
  expect(dead).toEqual([]);
  expect(entries.map(({ index, event }) => [index, event.event_id.at(-1), event.received_at])).toEqual([
    [0, '1', '2024-03-04T10:00:00.000Z'],
    [1, '2', '2024-03-04T10:00:00.000Z'],
  ]);
});

test('lines go on as they are, whatever their properties', () => {
  const texts = [lineOf(1), lineOf(2, '{}{}'), lineOf(3, '{ "a": 1 }')];
  expect(decodeMessage(message(lines(...texts))).entries.map(({ event }) => event.line)).toEqual(texts);
});

test('however an event came it is read, and buried, as the same', () => {
  const spaced = envelope(good(1), good(2)).replace('{"a":1}', '{ "a": 1 }');
  const otherHeader = lines(lineOf(1), lineOf(2)).replace('"v":2', '"v": 2');
  const messages = [envelope(good(1), good(2)), spaced, lines(lineOf(1), lineOf(2)), otherHeader];
  const read = messages.map((text) =>
    decodeMessage(message(text)).entries.map((entry) => {
      const { payload, ...letter } = unstorableLetter(entry, { reason: 'untranslatable', error: 'words' });
      return { ...letter, text: Buffer.from(payload).toString() };
    }),
  );
  for (const other of read.slice(1)) expect(other).toEqual(read[0]);
  expect(read[0]).toHaveLength(2);
  expect(read[0]?.[0]).toEqual({
    text: good(1),
    receivedAt: '2024-03-04T10:00:00.000Z',
    reason: 'untranslatable',
    error: 'words',
    index: 0,
    streamSequence: 42,
    streamEpoch: '2024-03-04T00:00:00Z',
    attempts: 3,
  });
});

test.each([
  ['NUL', good(2).replace('"u"', '"u\\u0000"')],
  ['a lone surrogate', good(2).replace('"u"', '"\\ud800"')],
  ['an id of 3 KB', good(2).replace('"u"', JSON.stringify('x'.repeat(3_000)))],
  ['no event at all', '7'],
])('%s is a dead letter with its text and place; its neighbours are not', (_what, bad) => {
  const { entries, dead } = decodeMessage(message(envelope(good(1), bad, good(3))));
  expect(entries.map((e) => e.index)).toEqual([0, 2]);
  expect(dead).toHaveLength(1);
  expect(dead[0]).toMatchObject({
    index: 1,
    streamSequence: 42,
    streamEpoch: '2024-03-04T00:00:00Z',
    attempts: 3,
    receivedAt: '2024-03-04T10:00:00.000Z',
  });
  expect(Buffer.from(dead[0]!.payload).toString()).toBe(bad);
  expect(dead[0]?.reason).toMatch(/^[a-z_]+$/);
});

test.each([
  [
    'a NUL',
    lineOf(2, '{"a":"\\u0000"}').replace('u', 'é\u0085'),
    good(2).replace('"u"', '"é\u0085"').replace('1', '"\\u0000"'),
  ],
  ['no JSON', lineOf(2, '{'), undefined],
  ['no event at all', '7', undefined],
  ['nothing', '', undefined],
])(
  'a line of %s is a dead letter, as JSON where it can be; its neighbours are not',
  (_what, bad, text = bad) => {
    const { entries, dead } = decodeMessage(message(lines(lineOf(1), bad, lineOf(3))));
    expect(entries.map((e) => e.index)).toEqual([0, 2]);
    expect(dead).toHaveLength(1);
    expect(dead[0]).toMatchObject({ index: 1, attempts: 3, receivedAt: '2024-03-04T10:00:00.000Z' });
    expect(Buffer.from(dead[0]!.payload).toString()).toBe(text);
  },
);

test('a line of properties that are no JSON is buried with them, once the database has refused it', () => {
  const [entry] = decodeMessage(message(lines(lineOf(1, '{"a":[1}')))).entries;
  const { payload } = unstorableLetter(entry!, { reason: 'invalid_text_representation', error: 'words' });
  expect(Buffer.from(payload).toString()).toBe(good(1).replace('{"a":1}', '{"a":[1}'));
});

test.each([
  ['not JSON', 'not JSON', 'invalid_json'],
  ['not UTF-8', Uint8Array.of(0xff, 0xfe), 'invalid_utf8'],
  ['another version', '{"v":3}', 'unknown_version'],
  ['a header alone', HEADER, 'invalid_envelope'],
  ['lines without a header', `${lineOf(1)}\n${lineOf(2)}`, 'invalid_json'],
  ['no envelope', '[]', 'invalid_envelope'],
  ['empty', '', 'invalid_json'],
  ['deep beyond reason', '['.repeat(1_000_000), undefined],
])('%s: the whole message is one dead letter, as it was', (_what, data, reason) => {
  const whole = message(data);
  const { entries, dead } = decodeMessage(whole);
  expect(entries).toEqual([]);
  expect(dead).toHaveLength(1);
  expect(dead[0]).toMatchObject({ index: WHOLE_MESSAGE, ...(reason && { reason }) });
  expect(dead[0]?.payload).toBe(whole.data);
});
