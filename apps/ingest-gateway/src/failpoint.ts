import type { EventPublisher } from '@event-analytics/nats-client';

/** Where a test may have the process die, as if by SIGKILL. */
export const FAILPOINTS = ['before_publish', 'after_publish'] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/**
 * The publisher itself, or one that ends the process at the armed point: before a message is handed to NATS, or once
 * it is acknowledged and nobody was told yet.
 */
export function diesAt(
  armed: Failpoint | undefined,
  publisher: Pick<EventPublisher, 'publish' | 'streamEpoch'>,
): Pick<EventPublisher, 'publish' | 'streamEpoch'> {
  if (armed === undefined) return publisher;
  return {
    streamEpoch: () => publisher.streamEpoch(),
    async publish(payload) {
      if (armed === 'before_publish') process.kill(process.pid, 'SIGKILL');
      await publisher.publish(payload);
      process.kill(process.pid, 'SIGKILL');
    },
  };
}
