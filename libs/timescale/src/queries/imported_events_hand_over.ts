import type { Sql } from '../database.js';
import { instant } from '../sql-text.js';
import { CAME_BY_ITSELF } from './import_claims_make.js';

/** Instants, the first inclusive, the last exclusive, in ms since 1970. */
export interface ImportedStretch {
  importId: number;
  fromMs: number;
  toMs: number;
}

/**
 * Gives those events of an import to somebody else who brought them: to nobody where one came by itself as well, for
 * then no undo may remove it, else to the first other import. Who is about to be undone gets none.
 * @returns how many
 */
export async function handOverImportedEvents(sql: Sql, stretch: ImportedStretch): Promise<number> {
  const { importId, fromMs, toMs } = stretch;
  const [row] = await sql<{ kept: number }[]>`
    WITH ${claimants(sql, stretch)}, heirs AS MATERIALIZED (
      SELECT event_id, occurred_at, min(claimants.id) AS heir
      ${claimedBy(sql, stretch)}
      GROUP BY event_id, occurred_at
    ), kept AS (
      UPDATE events
      SET import_id = nullif(heir, ${CAME_BY_ITSELF}::int)
      FROM heirs
      WHERE events.event_id = heirs.event_id AND events.occurred_at = heirs.occurred_at
        AND events.import_id = ${importId}
        AND events.occurred_at >= ${instant(fromMs)}::timestamptz AND events.occurred_at < ${instant(toMs)}::timestamptz
      RETURNING events.event_id, events.occurred_at, heir
    ), settled AS (
      DELETE FROM import_claims
      USING kept
      WHERE import_claims.event_id = kept.event_id AND import_claims.occurred_at = kept.occurred_at
        AND (import_claims.import_id = heir OR heir = ${CAME_BY_ITSELF}::int)
    )
    SELECT count(*)::int4 AS kept FROM kept`;
  return row?.kept ?? 0;
}

/** Whether anybody else claims any of them: updating none costs as much as reading them all where they are compressed. */
export async function hasClaims(sql: Sql, stretch: ImportedStretch): Promise<boolean> {
  const [row] = await sql<{ any: boolean }[]>`
    WITH ${claimants(sql, stretch)}
    SELECT EXISTS (SELECT ${claimedBy(sql, stretch)}) AS any`;
  return row?.any ?? false;
}

function claimants(sql: Sql, { importId }: ImportedStretch) {
  return sql`claimants AS (
      SELECT ${CAME_BY_ITSELF}::int AS id
      UNION ALL
      SELECT id FROM imports WHERE id <> ${importId} AND state IN ('running', 'finished')
    )`;
}

/** Kept apart by OFFSET 0: each is a search of its index, whatever the planner knows of the table. */
function claimedBy(sql: Sql, { fromMs, toMs }: ImportedStretch) {
  return sql`FROM claimants CROSS JOIN LATERAL (
        SELECT event_id, occurred_at
        FROM import_claims
        WHERE import_id = claimants.id
          AND occurred_at >= ${instant(fromMs)}::timestamptz AND occurred_at < ${instant(toMs)}::timestamptz
        OFFSET 0
      ) AS claimed`;
}
