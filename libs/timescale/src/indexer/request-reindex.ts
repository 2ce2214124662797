import type { Database } from '../database.js';
import { textArray } from '../sql-text.js';
import { afterFold } from './fold-state.js';
import { NOTHING } from './index-key.js';
import { COUNTS } from './indexes.js';

/**
 * Has indexes built anew from events, beside those that answer, which they replace when they are done; one that
 * was refused is tried again. Building is buildStep's, by whoever calls it: the indexer does. Asking again
 * changes nothing.
 * @param zones default: all that there are; the counts are built anew in any case
 * @returns the zones that are being built now
 */
export async function requestReindex(db: Database, zones?: readonly string[]): Promise<string[]> {
  return await afterFold(db, async (sql) => {
    const wanted =
      zones === undefined ? sql`true` : sql`zone = ANY(${textArray([COUNTS, ...zones])}::text[])`;
    await sql`
      INSERT INTO activity_indexes (zone, state, built_before, sealed_before, complete_from)
      SELECT DISTINCT zone, 'building', ${NOTHING}::int, ${NOTHING}::int, ${NOTHING}::int
      FROM activity_indexes
      WHERE state IN ('ready', 'refused') AND ${wanted}
      ON CONFLICT DO NOTHING`;
    await sql`UPDATE activity_indexes SET state = 'retired' WHERE state = 'refused' AND ${wanted}`;
    const building = await sql<{ zone: string }[]>`
      SELECT zone FROM activity_indexes WHERE state = 'building' AND zone <> ${COUNTS} ORDER BY zone`;
    return building.map(({ zone }) => zone);
  });
}
