import type { ConsumerInfo, StreamInfo } from 'nats';
import { acknowledgedFloor } from './purge-floor.js';

const consumer = (o: {
  floor: number;
  delivered: number;
  ackPending: number;
  created?: string;
}): ConsumerInfo =>
  ({
    created: o.created ?? '2024-03-04T00:00:01.000Z',
    ack_floor: { consumer_seq: o.floor, stream_seq: o.floor },
    delivered: { consumer_seq: o.delivered, stream_seq: o.delivered },
    num_ack_pending: o.ackPending,
  }) as ConsumerInfo;

const stream = (last: number): StreamInfo =>
  ({
    created: '2024-03-04T00:00:00.000Z',
    state: { first_seq: 1, last_seq: last, messages: last },
  }) as StreamInfo;

test('the ack floor while acks are awaited', () => {
  expect(acknowledgedFloor(consumer({ floor: 40, delivered: 90, ackPending: 3 }), stream(100))).toBe(40);
});

test('all that was delivered when none is awaited', () => {
  expect(acknowledgedFloor(consumer({ floor: 40, delivered: 90, ackPending: 0 }), stream(100))).toBe(90);
});

test.each([
  ['the floor lies past the end of the stream', consumer({ floor: 101, delivered: 101, ackPending: 0 })],
  ['the durable delivered more than there ever was', consumer({ floor: 40, delivered: 101, ackPending: 3 })],
  [
    'the durable is older than the stream',
    consumer({ floor: 40, delivered: 90, ackPending: 0, created: '2024-03-03T00:00:00Z' }),
  ],
])('nothing where %s', (_why, info) => {
  expect(acknowledgedFloor(info, stream(100))).toBe(0);
});
