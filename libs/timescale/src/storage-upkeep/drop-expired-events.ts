import type { Database } from '../database.js';
import { ensureIndexes } from '../indexer/indexes.js';
import { dropExpiredPartitions, hasExpiredPartitions } from '../queries/partitions_drop.js';
import { retainedFromBucket } from '../queries/retained_from_read.js';
import { retryTransient } from '../retry-transient.js';
import { instant } from '../sql-text.js';
import { BUCKET_MS } from '../quarter-counts.js';

const DAY_MS = 86_400_000;
/** An event that was taken in just young enough may have waited in the stream. */
const MARGIN_DAYS = 2;
/** Each is a table with its indexes: locks of one transaction. */
const PARTITIONS_PER_TRANSACTION = 12;

export interface DropExpiredOptions {
  /** Events are kept for so many days; 0: for ever. */
  retainRawDays: number;
  /** What is indexed: events are not dropped before the index of each of these zones has them. */
  zones: readonly string[];
  nowMs: number;
}

export interface DroppedEvents {
  /** Partitions or chunks. */
  dropped: number;
  /** Some are to be dropped once the index that is being built has their events. */
  awaitsIndex: boolean;
  /** The watermark, RFC 3339 in UTC; undefined where nothing was ever dropped. */
  retainedFrom: string | undefined;
}

/**
 * Drops whole partitions (chunks) whose events are all older than is kept, the oldest first, and moves the
 * watermark with each step. What was taken from them into the index stays. Any number of processes may try.
 * @throws 55P03 when writers or long statistics did not let it have the table: nothing is lost, try later
 */
export async function dropExpiredEvents(
  db: Database,
  { retainRawDays, zones, nowMs }: DropExpiredOptions,
): Promise<DroppedEvents> {
  const result = { dropped: 0, awaitsIndex: false };
  const before = instant(nowMs - (retainRawDays + MARGIN_DAYS) * DAY_MS);
  if (retainRawDays > 0 && (await db.run((sql) => hasExpiredPartitions(sql, before)))) {
    // An index that is yet to be made would miss them.
    await ensureIndexes(db, zones);
    for (let more = true; more;) {
      const atMost = PARTITIONS_PER_TRANSACTION;
      const step = await retryTransient(() =>
        db.run((sql) => dropExpiredPartitions(sql, { before, atMost })),
      );
      result.dropped += step.dropped;
      result.awaitsIndex = step.awaitsIndex;
      more = step.dropped === atMost;
    }
  }
  const bucket = await db.run(retainedFromBucket);
  return { ...result, retainedFrom: bucket === undefined ? undefined : instant(bucket * BUCKET_MS) };
}
