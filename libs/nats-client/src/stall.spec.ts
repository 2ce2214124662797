import type { ConsumerInfo } from 'nats';
import { createStallDetector } from './stall.js';

const info = (o: { pending: number; ackPending?: number; delivered: number }): ConsumerInfo =>
  ({
    num_pending: o.pending,
    num_ack_pending: o.ackPending ?? 0,
    delivered: { consumer_seq: o.delivered, stream_seq: o.delivered },
    config: { max_ack_pending: 100 },
  }) as ConsumerInfo;

test('stalled: messages wait and nobody got any since the last look', () => {
  const stall = createStallDetector();
  expect(stall.looksStalled(info({ pending: 5, delivered: 7 }))).toBe(false);
  expect(stall.looksStalled(info({ pending: 5, delivered: 7 }))).toBe(true);
  expect(stall.looksStalled(info({ pending: 5, delivered: 7 }))).toBe(false);
});

test.each([
  ['nothing waits', { pending: 0, delivered: 7 }, { pending: 0, delivered: 7 }],
  ['another writer is being served', { pending: 5, delivered: 7 }, { pending: 5, delivered: 8 }],
  [
    'all that may be handed out is handed out',
    { pending: 5, ackPending: 100, delivered: 7 },
    { pending: 5, ackPending: 100, delivered: 7 },
  ],
  ['it was idle at the last look', { pending: 0, delivered: 7 }, { pending: 5, delivered: 7 }],
])('not stalled: %s', (_why, first, second) => {
  const stall = createStallDetector();
  stall.looksStalled(info(first));
  expect(stall.looksStalled(info(second))).toBe(false);
});
