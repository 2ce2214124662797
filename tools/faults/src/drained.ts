import { streamLag, type NatsConnectionHandle, type StreamNames } from '@event-analytics/nats-client';
import { eventually } from '@event-analytics/testkit';
import type { Database } from '@event-analytics/timescale';

/** Waits until all that was acknowledged is in events, and all of that in the index; there must be no load. */
export async function waitUntilDrained(o: {
  nats: NatsConnectionHandle;
  names: StreamNames;
  db: Database;
  timeoutMs: number;
}): Promise<void> {
  await eventually(
    'the stream is drained',
    o.timeoutMs,
    () => streamLag(o.nats, o.names),
    (lag) => lag?.pending === 0 && lag.ackPending === 0,
  );
  await eventually(
    'the activity log is folded',
    o.timeoutMs,
    () => o.db.run((sql) => sql<{ waiting: number }[]>`SELECT count(*)::int4 AS waiting FROM activity_log`),
    ([log]) => log?.waiting === 0,
  );
}
