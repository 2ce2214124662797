import type { Database } from '@event-analytics/timescale';
import { readMetric } from './metrics.js';
import { eventually } from './system.js';

/** The writer reads its lag now and then: what it says of before the end of the load would be an old zero. */
const LAG_LOOK_MS = 3_000;

/** Waits until all that was sent is in events, and all of that in the index; there must be no load. */
export async function waitUntilDrained(o: {
  writerUrl: string;
  db: Database;
  timeoutMs: number;
}): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LAG_LOOK_MS));
  await eventually(
    'the stream is drained',
    o.timeoutMs,
    async () => ({
      pending: await readMetric(o.writerUrl, 'stream_pending_messages'),
      unacknowledged: await readMetric(o.writerUrl, 'stream_ack_pending'),
    }),
    (lag) => lag.pending === 0 && lag.unacknowledged === 0,
  );
  await eventually(
    'the activity log is folded',
    o.timeoutMs,
    () => o.db.run((sql) => sql<{ waiting: number }[]>`SELECT count(*)::int4 AS waiting FROM activity_log`),
    ([log]) => log?.waiting === 0,
  );
}
