import type { ConsumerInfo } from 'nats';

export interface StallDetector {
  /** Tells it what the durable looks like now; true when messages wait and nobody got any since the last look. */
  looksStalled(info: ConsumerInfo): boolean;
}

/**
 * Notices a durable that has messages, could deliver them, and does not. Two looks in a row without any delivery, to any
 * writer, are needed; a durable that has handed out all it may (max_ack_pending) waits for acks and is not stalled.
 */
export function createStallDetector(): StallDetector {
  let waitingAt: number | undefined;
  return {
    looksStalled(info) {
      const waiting =
        info.num_pending > 0 && info.num_ack_pending < (info.config.max_ack_pending ?? Infinity);
      const at = info.delivered.consumer_seq;
      const stalled = waiting && waitingAt === at;
      waitingAt = waiting && !stalled ? at : undefined;
      return stalled;
    },
  };
}
