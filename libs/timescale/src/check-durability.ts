import type { Database } from './database.js';

/** A server's setting by which a committed event may be lost or torn when the machine goes down, and what it is. */
export interface UnsafeSetting {
  name: 'fsync' | 'full_page_writes' | 'synchronous_commit';
  value: string;
  consequence: string;
}

const CONSEQUENCES: Record<UnsafeSetting['name'], string> = {
  fsync: 'a commit is not on the disk: a power loss loses events or ruins the database',
  full_page_writes: 'a page that was half written when the power failed stays so',
  synchronous_commit: 'a commit is answered before it is written: a crash of PostgreSQL loses events',
};

/**
 * What of the server's configuration breaks "committed means kept", as it holds for connections of `db`; these set
 * synchronous_commit themselves (see connectDatabase). What a disk makes of an fsync nobody can ask.
 */
export async function unsafeSettings(
  db: Database,
  { timeoutMs }: { timeoutMs: number },
): Promise<UnsafeSetting[]> {
  const found = await db.run(
    (sql) => sql<Omit<UnsafeSetting, 'consequence'>[]>`
      SELECT name, setting AS value FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name`,
    { answerTimeoutMs: timeoutMs },
  );
  return found.map(({ name, value }) => ({ name, value, consequence: CONSEQUENCES[name] }));
}
