import type { Sql } from '../database.js';
import { INCARNATION } from '../incarnation.js';
import { part, prepared, type Part } from '../prepared.js';
import { exactCount, intArray, textArray } from '../sql-text.js';

/** An index that answers. */
export interface ReadyIndex {
  id: number;
  generation: number;
  /** Months before this one have rows of their own. */
  sealedBefore: number;
  /** It lacks buckets before this one. */
  completeFrom: number;
}

export interface ChangesQuery {
  zone: string;
  /** Of which index changes are wanted, and of which types; none where another one answers by now. */
  known: { id: number; generation: number; types: readonly number[]; since: number } | undefined;
  /** Names of types whose numbers are wanted. */
  typeNames: readonly string[];
  /** With more changes than this, in rows or in bytes, none are told. */
  rowsMax: number;
  bytesMax: number;
}

/** Users that a fold added to a day, beside some that may have been there before. */
export interface Change {
  seq: number;
  type: number;
  day: number;
  users: Uint8Array;
}

export interface Changes {
  /** The last fold that it is of. */
  seq: number;
  /** Of the database: see INCARNATION. */
  incarnation: string;
  /** Undefined: the zone has none that is ready. */
  index: ReadyIndex | undefined;
  typeNumbers: ReadonlyMap<string, number>;
  /** Undefined: too many. */
  changes: Change[] | undefined;
}

export const INCARNATION_PART: Part<unknown> = { texts: [INCARNATION], parameters: [] };

/** A row of the statement: the head, whose name is the incarnation, a change, or what event_totals_read adds. */
export type ChangesRow = readonly [
  kind: string,
  seq: string,
  type: number | null,
  slot: number | null,
  bytes: Uint8Array | null,
  total: string | null,
  name: string | null,
  head: { index: ReadyIndex | null; typeNumbers: Record<string, number> | null } | null,
];

/** The parts of a WITH that CHANGES_ROWS selects from. */
export const CHANGES_PARTS = part<ChangesQuery>`
    ready AS MATERIALIZED (
      SELECT id, generation, sealed_before AS "sealedBefore", complete_from AS "completeFrom"
      FROM activity_indexes
      WHERE zone = ${(asked) => asked.zone} AND state = 'ready'
    ), type_numbers AS (
      SELECT json_object_agg(event_type, number) AS numbers
      FROM event_types
      WHERE event_type = ANY(${({ typeNames }) => textArray(typeNames)}::text[])
    ), found AS (
      SELECT seq, type, slot, users
      FROM activity_users
      WHERE index_id = ${({ known }) => known?.id ?? 0} AND unit = 'd' AND seq > ${({ known }) => known?.since ?? 0}
        AND type = ANY(${({ known }) => intArray(known?.types ?? [])}::int[])
        AND EXISTS (SELECT FROM ready WHERE id = ${({ known }) => known?.id ?? 0}
          AND generation = ${({ known }) => known?.generation ?? 0})
      LIMIT ${({ rowsMax }) => rowsMax + 1}
    ), changes AS (
      SELECT seq, type, slot,
        CASE WHEN count(*) OVER () <= ${({ rowsMax }) => rowsMax}
            AND sum(octet_length(users)) OVER () <= ${({ bytesMax }) => bytesMax}
          THEN users END AS users
      FROM found
    )`;

export const CHANGES_ROWS = part`
    SELECT 'head' AS kind, seq, NULL::int AS type, NULL::int AS slot, NULL::bytea AS bytes,
      NULL::bigint AS total, ${INCARNATION_PART} AS name, json_build_object(
        'index', (SELECT row_to_json(ready) FROM ready),
        'typeNumbers', (SELECT numbers FROM type_numbers)
      ) AS head
    FROM activity_state
    UNION ALL
    SELECT 'change', seq, type, slot, users, NULL, NULL, NULL
    FROM changes`;

const CHANGES = prepared<ChangesQuery, ChangesRow>(part`WITH ${CHANGES_PARTS} ${CHANGES_ROWS}`);

/** What is new in an index since a fold, and whether it still is the one that answers: of one moment. */
export async function readChanges(sql: Sql, query: ChangesQuery): Promise<Changes> {
  return changesOf(await CHANGES(sql, query));
}

export function changesOf(rows: readonly ChangesRow[]): Changes {
  let head: ChangesRow | undefined;
  const changes: Change[] = [];
  let tooMany = false;
  for (const row of rows) {
    const [kind, seq, type, day, users] = row;
    if (kind === 'head') head = row;
    if (kind !== 'change') continue;
    if (users === null) tooMany = true;
    else changes.push({ seq: exactCount(seq), type: type ?? 0, day: day ?? 0, users });
  }
  if (head === undefined) throw new Error('activity_state is empty');
  const [, seq, , , , , incarnation, found] = head;
  return {
    seq: exactCount(seq),
    incarnation: incarnation ?? '',
    index: found?.index ?? undefined,
    typeNumbers: new Map(Object.entries(found?.typeNumbers ?? {})),
    changes: tooMany ? undefined : changes,
  };
}
