import { eventLines } from './event_lines.js';
import type { WritableEvent } from './events_insert.js';

const RECEIVED_AT = '2024-03-05T00:00:00.000Z';
const event = (n: number, received_at?: string) => ({
  event_id: `00000000-0000-4000-8000-00000000000${n}`,
  user_id: 'Zoë "\\',
  event_type: 'view',
  occurred_at: '2024-03-04T10:00:00.000Z',
  ...(received_at !== undefined && { received_at }),
});
const line = (n: number, properties: string) =>
  `00000000-0000-4000-8000-00000000000${n}\t2024-03-04T10:00:00.000Z\tZoë "\\\tview\t${properties}`;

test('fields between tabs, whether properties are an object or their text', () => {
  const events: WritableEvent[] = [
    { ...event(1), properties: { a: 'b\tc\n' } },
    { ...event(2), properties_json: '{ "a": 1.0 }' },
  ];
  expect(eventLines(events, RECEIVED_AT)).toEqual({
    text: `${line(1, '{"a":"b\\tc\\n"}')}\n${line(2, '{ "a": 1.0 }')}`,
    receivedAt: [RECEIVED_AT],
    starts: [1],
  });
});

test('a line goes on as it stands, and nobody looks at the fields', () => {
  class Line {
    readonly line = line(1, '{}{}');
    readonly received_at = RECEIVED_AT;
    get event_id(): string {
      throw new Error('looked at');
    }
    get user_id(): string {
      throw new Error('looked at');
    }
    get event_type(): string {
      throw new Error('looked at');
    }
    get occurred_at(): string {
      throw new Error('looked at');
    }
    get properties_json(): string {
      throw new Error('looked at');
    }
  }
  const events = [new Line(), { ...event(2), properties_json: '{}' }, new Line()];
  expect(eventLines(events, RECEIVED_AT)?.text).toBe(
    [line(1, '{}{}'), line(2, '{}'), line(1, '{}{}')].join('\n'),
  );
});

test('says where another time of receipt begins', () => {
  const times = [undefined, RECEIVED_AT, 'b', 'b', 'c', 'b', undefined];
  const events = times.map((received_at, n) => ({ ...event(n, received_at), properties: {} }));
  expect(eventLines(events, RECEIVED_AT)).toMatchObject({
    receivedAt: [RECEIVED_AT, 'b', 'c', 'b', RECEIVED_AT],
    starts: [1, 3, 5, 6, 7],
  });
});

test.each(['a\tb', 'a\nb', 'a\0', '\u0085', '\ud800'])('no lines of a name that holds %j', (name) => {
  const rest: WritableEvent = { ...event(1), properties: {} };
  for (const change of [{ user_id: name }, { event_type: name }]) {
    expect(eventLines([{ ...rest, ...change }], RECEIVED_AT)).toBeUndefined();
    expect(eventLines([rest, { ...rest, ...change }], RECEIVED_AT)).toBeUndefined();
  }
});
