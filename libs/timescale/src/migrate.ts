import type { Database, Sql } from './database.js';
import { DatabaseError } from './errors.js';
import { readMigrations, type Migration } from './migration-files.js';
import { settleStorage, type StorageKind } from './storage.js';

/** Waiting for another process's migrations, and a long migration itself. */
const MIGRATION_TIMEOUT_MS = 15 * 60_000;
const MIGRATIONS = new URL('./migrations/', import.meta.url);

export interface MigrateOptions {
  /** Told each step: `migration_applied`, `storage_chosen`. */
  log?: { info(event: string, context: Record<string, unknown>): void };
  /** Where the .sql files are; default: beside this code. */
  folder?: URL;
}

export interface MigrateResult {
  /** File names, in order; empty when there was nothing to do. */
  applied: string[];
  storage: StorageKind;
}

/**
 * Brings the database to this code's schema. Safe to run at once from any number of processes and as
 * often as wanted: each migration is a transaction of its own under an advisory lock.
 * @throws DatabaseError migration_edited, schema_newer, storage_missing
 */
export async function migrate(db: Database, options: MigrateOptions = {}): Promise<MigrateResult> {
  const applied: string[] = [];
  for (;;) {
    const step = await db.transaction((sql) => migrateOnce(sql, options), {
      answerTimeoutMs: MIGRATION_TIMEOUT_MS,
      statementTimeoutMs: 0,
    });
    if (step.applied === undefined) return { applied, storage: step.storage };
    applied.push(step.applied);
    options.log?.info('migration_applied', { migration: step.applied, storage: step.storage });
  }
}

/** The next migration that is missing, if any. */
async function migrateOnce(
  sql: Sql,
  { log, folder = MIGRATIONS }: MigrateOptions,
): Promise<{ applied?: string; storage: StorageKind }> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('event_analytics.migrations', 0))`;
  await makeOwnTables(sql);
  const { storage, reason } = await settleStorage(sql);
  const migrations = readMigrations(folder, storage);
  const done = await appliedMigrations(sql);
  checkApplied(migrations, done);
  const next = migrations[done.length];
  if (next === undefined) return { storage };
  if (done.length === 0) log?.info('storage_chosen', { storage, reason });
  await sql.unsafe(next.sql);
  await sql`INSERT INTO schema_migrations (id, name, checksum) VALUES (${next.id}, ${next.name}, ${next.checksum})`;
  return { applied: next.name, storage };
}

async function makeOwnTables(sql: Sql): Promise<void> {
  const [row] = await sql<{ made: boolean }[]>`SELECT to_regclass('schema_migrations') IS NOT NULL AS made`;
  if (row?.made) return;
  await sql.unsafe(`
    CREATE TABLE schema_migrations (
      id         int PRIMARY KEY,
      name       text NOT NULL,
      checksum   text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE event_storage (
      only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      kind      text NOT NULL CHECK (kind IN ('timescaledb', 'partitions')),
      chosen_at timestamptz NOT NULL DEFAULT now()
    )`);
}

export interface AppliedMigration {
  id: number;
  name: string;
  checksum: string;
}

/** What schema_migrations says, in order. */
export async function appliedMigrations(sql: Sql): Promise<AppliedMigration[]> {
  return await sql<AppliedMigration[]>`SELECT id, name, checksum FROM schema_migrations ORDER BY id`;
}

const idsOf = new Map<StorageKind, number[]>();

/**
 * Has it every migration of this code, and which is the first that this code does not know? The files are read once:
 * health checks ask often.
 */
export function compareMigrations(
  storage: StorageKind,
  done: AppliedMigration[],
): { migrated: boolean; newer: string | undefined } {
  const ids = idsOf.get(storage) ?? readMigrations(MIGRATIONS, storage).map(({ id }) => id);
  idsOf.set(storage, ids);
  return { migrated: ids.every((id, index) => done[index]?.id === id), newer: done[ids.length]?.name };
}

/** The error for a schema with a migration that this version does not know. */
export function schemaNewer(migration: string): DatabaseError {
  return new DatabaseError(
    'schema_newer',
    `the database has migration ${migration}, which this version does not know: it was migrated by a newer one`,
  );
}

function checkApplied(migrations: Migration[], done: AppliedMigration[]): void {
  done.forEach(({ id, name, checksum }, index) => {
    const known = migrations[index];
    if (known === undefined || known.id !== id) {
      throw schemaNewer(name);
    }
    if (known.checksum !== checksum) {
      throw new DatabaseError(
        'migration_edited',
        `migration ${name} was changed after it had been applied; applied migrations are never edited, add a new one`,
      );
    }
  });
}
