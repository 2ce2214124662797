import type { Sql } from '../database.js';

/** The bucket that events were dropped before; undefined while none ever were. */
export async function retainedFromBucket(sql: Sql): Promise<number | undefined> {
  const [row] = await sql<{ bucket: number | null }[]>`
    SELECT ${retainedBucket(sql)} AS bucket FROM event_storage`;
  return row?.bucket ?? undefined;
}

/** The same of event_storage, in a statement: NULL while none ever were. */
export function retainedBucket(sql: Sql) {
  return sql`CASE WHEN isfinite(retained_from) THEN ceil(date_part('epoch', retained_from) / 900)::int4 END`;
}
