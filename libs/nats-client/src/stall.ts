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

/** Looks every intervalMs, while nothing arrives here, whether the durable is stalled. */
export function watchForStall(o: {
  intervalMs: number;
  /** Grows with every delivery to this process. */
  delivered: () => number;
  /** A request of ours is open: something could be delivered. */
  waiting: () => boolean;
  look: () => Promise<ConsumerInfo | undefined>;
  onStall: () => Promise<void>;
}): { close(): void } {
  const detector = createStallDetector();
  let deliveredBefore = -1;
  const look = async (): Promise<void> => {
    const idle = o.delivered() === deliveredBefore && o.waiting();
    deliveredBefore = o.delivered();
    const info = idle ? await o.look() : undefined;
    if (info && detector.looksStalled(info)) await o.onStall();
  };
  // A look that fails says nothing; the connection's own end is noticed elsewhere.
  const timer = setInterval(() => void look().catch(() => undefined), o.intervalMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
