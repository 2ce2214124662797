import type { AcceptedEvent } from '@event-analytics/event-schema';
import type { Sql } from '../database.js';

export type EventKey = Pick<AcceptedEvent, 'event_id' | 'occurred_at'>;

/** Who brought an event that came by itself; the numbers of imports begin at 1. */
export const CAME_BY_ITSELF = 0;

/** Without imports no event has a claim to be made on it. */
export async function anyImports(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ any: boolean }[]>`SELECT EXISTS (SELECT FROM imports) AS any`;
  return row?.any ?? false;
}

/**
 * Says of those events that are another import's: the claimant brought them, too. So that undoing that import leaves
 * them. An undo locks import_claims against this before its snapshot: either it sees the claim, or this begins after its
 * commit and does not find the event.
 *
 * @param events that were written just now: stored by that, or found there
 * @param claimant an import's number, or CAME_BY_ITSELF
 * @returns how many of the keys are not there any more, though nothing dropped them for their age: an undo removed them
 */
export async function claimEvents(
  sql: Sql,
  events: readonly EventKey[],
  claimant: number,
): Promise<{ missing: number }> {
  const keys = JSON.stringify(events.map(({ event_id, occurred_at }) => ({ event_id, occurred_at })));
  const [row] = await sql<{ missing: number }[]>`
    WITH keys AS MATERIALIZED (
      SELECT DISTINCT event_id, occurred_at
      FROM json_to_recordset(${keys}::text::json) AS key (event_id uuid, occurred_at timestamptz)
      WHERE (occurred_at < (SELECT retained_from FROM event_storage)) IS NOT TRUE
    ), found AS MATERIALIZED (
      SELECT event_id, occurred_at, import_id
      FROM keys JOIN events USING (event_id, occurred_at)
    ), claimed AS (
      -- Sorted, so that two who claim the same events wait for each other in one order.
      INSERT INTO import_claims (event_id, occurred_at, import_id)
      SELECT event_id, occurred_at, ${claimant}::int
      FROM found
      WHERE import_id <> ${claimant}::int
      ORDER BY event_id, occurred_at
      ON CONFLICT DO NOTHING
    )
    SELECT ((SELECT count(*) FROM keys) - (SELECT count(*) FROM found))::int4 AS missing`;
  return row ?? { missing: 0 };
}
