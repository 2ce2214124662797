import type { Sql } from '../database.js';

/** Are there partitions or chunks that lie before the instant? Cheap, and without a lock. */
export async function hasExpiredPartitions(sql: Sql, before: string): Promise<boolean> {
  const [row] = await sql<{ expired: boolean }[]>`
    SELECT EXISTS (SELECT FROM events_expired(${before}::timestamptz)) AS expired`;
  return row?.expired ?? false;
}

export interface DroppedPartitions {
  dropped: number;
  /** None was dropped, for an index is being built from their events. */
  awaitsIndex: boolean;
}

/**
 * Drops the oldest partitions or chunks that lie before the instant, and moves the watermark. A statement of
 * its own: see events_drop_expired. Drops none where somebody else is at it.
 * @throws 55P03 when it had to wait for others too long
 */
export async function dropExpiredPartitions(
  sql: Sql,
  { before, atMost }: { before: string; atMost: number },
): Promise<DroppedPartitions> {
  const [row] = await sql<DroppedPartitions[]>`
    SELECT dropped, awaits_index AS "awaitsIndex" FROM events_drop_expired(${before}::timestamptz, ${atMost}::int)`;
  return row ?? { dropped: 0, awaitsIndex: false };
}
