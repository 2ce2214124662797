import type { Database } from '../database.js';

/** Makes the partitions that the dates (`YYYY-MM-DD`) stand for, where missing, in a transaction of its own. */
export async function makePartitions(db: Database, dates: readonly string[]): Promise<void> {
  await db.run((sql) => sql`SELECT events_make_partitions(${`{${dates.join(',')}}`}::date[])`);
}
