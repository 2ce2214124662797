import { cpus } from 'node:os';
import { withDatabase } from './database.js';

/** What a run was on, with versions. */
export interface Machine {
  cpu: string;
  cores: number;
  node: string;
  postgres: string;
  storage: string;
}

/** 'unknown' for what it does not tell. @param databaseUrl a migrated one */
export async function describeMachine(databaseUrl: string): Promise<Machine> {
  const [row] = await withDatabase(databaseUrl, (db) =>
    db.run(
      (sql) => sql<Pick<Machine, 'postgres' | 'storage'>[]>`
        SELECT current_setting('server_version') AS postgres, kind AS storage FROM event_storage`,
    ),
  );
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    ...(row ?? { postgres: 'unknown', storage: 'unknown' }),
  };
}
