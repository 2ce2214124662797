import type { Sql } from '../database.js';

/** What TimescaleDB offers for compressing chunks of events, and what is set. */
export interface ColumnstoreProbe {
  /** 'timescale' or 'apache'. */
  license: string;
  /** 2.18 and newer name it columnstore, older ones compression; none: a build without it. */
  dialect: 'columnstore' | 'compression' | 'none';
  /** Whether the table was prepared for it, by us or by somebody else. */
  enabled: boolean;
  /** After how many days the policy compresses a chunk; undefined without a policy. */
  policyDays: number | undefined;
}

/** Only where the storage is TimescaleDB. */
export async function probeColumnstore(sql: Sql): Promise<ColumnstoreProbe> {
  const [row] = await sql<
    {
      license: string;
      columnstore: boolean;
      compression: boolean;
      enabled: boolean;
      policy_days: number | null;
    }[]
  >`
    SELECT coalesce(current_setting('timescaledb.license', true), '') AS license,
      EXISTS (SELECT FROM pg_proc WHERE proname = 'add_columnstore_policy') AS columnstore,
      EXISTS (SELECT FROM pg_proc WHERE proname = 'add_compression_policy') AS compression,
      EXISTS (
        SELECT FROM timescaledb_information.hypertables
        WHERE hypertable_schema = current_schema() AND hypertable_name = 'events' AND compression_enabled
      ) AS enabled,
      (
        SELECT date_part('epoch', (config ->> 'compress_after')::interval) / 86400
        FROM timescaledb_information.jobs
        WHERE hypertable_schema = current_schema() AND hypertable_name = 'events'
          AND proc_name IN ('policy_compression', 'policy_columnstore')
        LIMIT 1
      ) AS policy_days`;
  const { license = '', enabled = false, policy_days = null } = row ?? {};
  return {
    license,
    dialect: row?.columnstore ? 'columnstore' : row?.compression ? 'compression' : 'none',
    enabled,
    policyDays: policy_days ?? undefined,
  };
}
