import type { Sql } from '../database.js';
import { INCARNATION } from '../incarnation.js';
import { exactCount, intArray, textArray } from '../sql-text.js';

/** Rows of activity_users that belong to one set of users. */
export interface UserRows {
  /** Which set. */
  set: number;
  type: number;
  unit: 'd' | 'm';
  /** Days or months, inclusive; ±Infinity: without end. */
  first: number;
  last: number;
}

/** How many bytes there are to be read for each slot of these rows, by their position, then by slot. */
export async function measureUserRows(
  sql: Sql,
  indexId: number,
  rows: readonly UserRows[],
): Promise<{ position: number; slot: number; bytes: number }[]> {
  const found = await sql<{ position: number; slot: number; bytes: string }[]>`
    SELECT wanted.position::int4 AS position, stored.slot, sum(stored.bytes) AS bytes
    FROM ${wantedRows(sql, rows)}
    -- Kept apart by OFFSET 0: each is a search of the primary key, whatever the planner knows of the table.
    CROSS JOIN LATERAL (
      SELECT slot, octet_length(users) AS bytes
      FROM activity_users
      WHERE index_id = ${indexId} AND type = wanted.type AND unit = wanted.unit
        AND slot BETWEEN wanted.first AND wanted.last
      OFFSET 0
    ) AS stored
    GROUP BY 1, 2
    ORDER BY 1, 2`;
  return found.map(({ position, slot, bytes }) => ({
    position: position - 1,
    slot,
    bytes: exactCount(bytes),
  }));
}

export interface ReadRows {
  /** The last fold that it is of. */
  seq: number;
  rows: { set: number; seq: number; users: Uint8Array }[];
}

/**
 * The rows themselves; undefined where the index is not the one any more that answers, or of a later generation, or the
 * database is of another incarnation.
 */
export async function readUserRows(
  sql: Sql,
  index: { id: number; generation: number; incarnation: string },
  wanted: readonly UserRows[],
): Promise<ReadRows | undefined> {
  const rows = await sql<
    { asOf: string; set: number | null; seq: string | null; users: Uint8Array | null }[]
  >`
    SELECT state.seq AS "asOf", part.*
    FROM activity_state AS state
    JOIN activity_indexes AS index
      ON index.id = ${index.id} AND index.generation = ${index.generation} AND index.state = 'ready'
        AND ${sql.unsafe(INCARNATION)} = ${index.incarnation}
    LEFT JOIN LATERAL (
      SELECT wanted.set, stored.seq, stored.users
      FROM ${wantedRows(sql, wanted)}
      CROSS JOIN LATERAL (
        SELECT seq, users
        FROM activity_users
        WHERE index_id = ${index.id} AND type = wanted.type AND unit = wanted.unit
          AND slot BETWEEN wanted.first AND wanted.last
        OFFSET 0
      ) AS stored
    ) AS part ON true`;
  const [head] = rows;
  if (head === undefined) return undefined;
  return {
    seq: exactCount(head.asOf),
    rows: rows.flatMap(({ set, seq, users }) =>
      set === null || seq === null || users === null ? [] : [{ set, seq: exactCount(seq), users }],
    ),
  };
}

const SLOT_MIN = -2_147_483_648;
const SLOT_MAX = 2_147_483_647;

function wantedRows(sql: Sql, rows: readonly UserRows[]) {
  return sql`unnest(
    ${intArray(rows.map(({ set }) => set))}::int4[],
    ${intArray(rows.map(({ type }) => type))}::int4[],
    ${textArray(rows.map(({ unit }) => unit))}::"char"[],
    ${intArray(rows.map(({ first }) => slotOf(first)))}::int4[],
    ${intArray(rows.map(({ last }) => slotOf(last)))}::int4[]
  ) WITH ORDINALITY AS wanted (set, type, unit, first, last, position)`;
}

function slotOf(slot: number): number {
  return Math.min(Math.max(slot, SLOT_MIN), SLOT_MAX);
}
