import type { Database } from '../database.js';

/**
 * What the index of each zone can do: ready ones answer, those that are building will, refused ones cannot
 * (events lie where the zone's days are not whole quarters of an hour). A zone has none that is not there.
 */
export async function listIndexedZones(
  db: Database,
  { timeoutMs }: { timeoutMs: number },
): Promise<Map<string, 'ready' | 'building' | 'refused'>> {
  const rows = await db.run(
    (sql) => sql<{ zone: string; state: 'ready' | 'building' | 'refused' }[]>`
      -- Of two, a ready one and the one that is to take its place, the ready one.
      SELECT DISTINCT ON (zone) zone, state
      FROM activity_indexes
      WHERE zone <> '' AND state <> 'retired'
      ORDER BY zone, state = 'ready' DESC`,
    { answerTimeoutMs: timeoutMs },
  );
  return new Map(rows.map(({ zone, state }) => [zone, state]));
}
