import type { Sql } from './database.js';
import { DatabaseError } from './errors.js';

/** A TimescaleDB hypertable, or PostgreSQL's own monthly partitions. */
export type StorageKind = 'timescaledb' | 'partitions';

/** What the database was made with; undefined before its first migration. */
export async function recordedStorage(sql: Sql): Promise<StorageKind | undefined> {
  const [row] = await sql<{ kind: StorageKind }[]>`SELECT kind FROM event_storage`;
  return row?.kind;
}

/**
 * The storage to use: the recorded one, else chosen now and recorded, for the tables that are made
 * differ. TimescaleDB where it can be loaded and this user may create it; the setting
 * `event_analytics.storage` (ALTER DATABASE … SET) decides otherwise.
 * @throws DatabaseError storage_missing when the recorded or the set one is not to be had here
 */
export async function settleStorage(sql: Sql): Promise<{ storage: StorageKind; reason: string }> {
  const recorded = await recordedStorage(sql);
  const timescale = await probeTimescale(sql);
  const [setting] = await sql<{ kind: string | null }[]>`
    SELECT nullif(current_setting('event_analytics.storage', true), '') AS kind`;
  const wanted = recorded ?? setting?.kind ?? null;
  if (wanted !== null && wanted !== 'timescaledb' && wanted !== 'partitions') {
    throw new DatabaseError(
      'storage_missing',
      `event_analytics.storage is neither timescaledb nor partitions: ${wanted}`,
    );
  }
  if (wanted === 'timescaledb' && !timescale.usable) {
    throw new DatabaseError(
      'storage_missing',
      `this database is to use TimescaleDB, but ${timescale.reason}`,
    );
  }
  if (recorded !== undefined) return { storage: recorded, reason: 'recorded in the database' };
  const storage = wanted ?? (timescale.usable ? 'timescaledb' : 'partitions');
  if (storage === 'timescaledb') await sql`CREATE EXTENSION IF NOT EXISTS timescaledb`;
  await sql`INSERT INTO event_storage (kind) VALUES (${storage})`;
  return { storage, reason: wanted === null ? timescale.reason : 'set by event_analytics.storage' };
}

/** Not by trying: creating the extension without its library preloaded ends the connection. */
async function probeTimescale(sql: Sql): Promise<{ usable: boolean; reason: string }> {
  const [found] = await sql<
    { available: boolean; preloaded: boolean; installed: boolean; permitted: boolean }[]
  >`
    SELECT
      EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS available,
      -- Its loader's settings are there for everybody to see; shared_preload_libraries is not.
      EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.disable_load') AS preloaded,
      EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS installed,
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        OR (has_database_privilege(current_database(), 'CREATE')
            AND EXISTS (SELECT FROM pg_available_extension_versions WHERE name = 'timescaledb' AND trusted)) AS permitted`;
  if (!found?.available) return { usable: false, reason: 'TimescaleDB is not installed on this server' };
  if (!found.preloaded) return { usable: false, reason: 'TimescaleDB is not in shared_preload_libraries' };
  if (!found.installed && !found.permitted) {
    return { usable: false, reason: 'this user may not create the extension timescaledb' };
  }
  return { usable: true, reason: 'TimescaleDB is available' };
}
