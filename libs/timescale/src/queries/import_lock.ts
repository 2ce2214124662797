import type { Sql } from '../database.js';

/** First keys of the locks, the second being the number of the import. The letters of "evim" and "evun". */
const LOCKS = { import: 0x6576696d, undo: 0x6576756e } as const;

/** What a process may be at with an import, alone. */
export type ImportWork = keyof typeof LOCKS;

/** Of the session: it ends with the connection. */
export async function tryLockImport(sql: Sql, id: number, work: ImportWork): Promise<boolean> {
  const [row] = await sql<{ taken: boolean }[]>`SELECT pg_try_advisory_lock(${LOCKS[work]}, ${id}) AS taken`;
  return row?.taken ?? false;
}

export async function unlockImport(sql: Sql, id: number, work: ImportWork): Promise<void> {
  await sql`SELECT pg_advisory_unlock(${LOCKS[work]}, ${id})`;
}

/** A connection as the server knows it. */
export interface Session {
  pid: number;
  began: string;
}

export async function readSession(sql: Sql): Promise<Session | undefined> {
  const [session] = await sql<Session[]>`
    SELECT pid, backend_start::text AS began FROM pg_stat_activity WHERE pid = pg_backend_pid()`;
  return session;
}

/** Nothing where it is gone. */
export async function endSession(sql: Sql, { pid, began }: Session): Promise<void> {
  await sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = ${pid} AND backend_start = ${began}::timestamptz AND pid <> pg_backend_pid()`;
}

/** Whether a process is at the import of the row `imports`. */
export function importIsLocked(sql: Sql) {
  return sql`EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND classid IN (${LOCKS.import}, ${LOCKS.undo}) AND objid = imports.id::oid AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;
}
