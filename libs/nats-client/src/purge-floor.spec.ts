import type { ConsumerInfo, StreamInfo } from 'nats';
import { acknowledgedFloor, purgeLimit } from './purge-floor.js';

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

const stream = (last: number, first = 1): StreamInfo =>
  ({
    created: '2024-03-04T00:00:00.000Z',
    state: { first_seq: first, last_seq: last, messages: last },
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

test.each([
  ['what lies at or below the floor', 40, 1, 41],
  ['nothing where the stream begins above the floor', 40, 41, undefined],
  ['nothing where nothing was acknowledged', 0, 1, undefined],
  // Asked for "before 1", the server would remove everything.
  ['nothing where nothing was acknowledged and the stream claims to begin at 0', 0, 0, undefined],
  ['what lies at or below the floor of a stream that claims to begin at 0', 40, 0, 41],
])('removed is %s', (_what, floor, first, limit) => {
  expect(purgeLimit(consumer({ floor, delivered: floor, ackPending: 0 }), stream(100, first))).toBe(limit);
});
