import type { Database } from '../database.js';

/** Makes the monthly partitions of `YYYY-MM`s that are not there, in a transaction of its own. */
export async function makePartitions(db: Database, months: readonly string[]): Promise<void> {
  const dates = `{${months.map((month) => `${month}-01`).join(',')}}`;
  await db.run((sql) => sql`SELECT events_make_partitions(${dates}::date[])`);
}
