import type { Sql } from '../database.js';

/** The zones whose index answers. */
export async function listReadyZones(sql: Sql): Promise<string[]> {
  const rows = await sql<{ zone: string }[]>`
    SELECT zone FROM activity_indexes WHERE zone <> '' AND state = 'ready' ORDER BY id`;
  return rows.map(({ zone }) => zone);
}
