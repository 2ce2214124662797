import type { Sql } from '../database.js';
import type { ColumnstoreProbe } from './columnstore_probe.js';

/** How events are compressed; see docs/adr/0011 for what was measured. */
const ORDER_BY = 'occurred_at, event_id';

/** Prepares the table for compression, unless it is: what an operator has set there stays. */
export async function enableColumnstore(sql: Sql, { dialect }: ColumnstoreProbe): Promise<void> {
  await sql.unsafe(
    dialect === 'columnstore'
      ? `ALTER TABLE events SET (timescaledb.enable_columnstore, timescaledb.segmentby = '', timescaledb.orderby = '${ORDER_BY}')`
      : `ALTER TABLE events SET (timescaledb.compress, timescaledb.compress_segmentby = '', timescaledb.compress_orderby = '${ORDER_BY}')`,
  );
}

/** TimescaleDB's own job compresses chunks that ended so many days ago. */
export async function addColumnstorePolicy(
  sql: Sql,
  { dialect }: ColumnstoreProbe,
  days: number,
): Promise<void> {
  if (dialect === 'columnstore') {
    await sql`CALL add_columnstore_policy('events', after => make_interval(days => ${days}::int))`;
  } else {
    await sql`SELECT add_compression_policy('events', compress_after => make_interval(days => ${days}::int))`;
  }
}

/** Chunks that are compressed stay so. */
export async function removeColumnstorePolicy(sql: Sql, { dialect }: ColumnstoreProbe): Promise<void> {
  if (dialect === 'columnstore') await sql`CALL remove_columnstore_policy('events', if_exists => true)`;
  else await sql`SELECT remove_compression_policy('events', if_exists => true)`;
}
