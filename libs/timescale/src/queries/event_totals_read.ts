import type { Sql } from '../database.js';
import { decodeQuarterCounts, QUARTERS_PER_DAY } from '../quarter-counts.js';
import { asking, part, prepared } from '../prepared.js';
import { exactCount, intArray } from '../sql-text.js';
import {
  changesOf,
  CHANGES_PARTS,
  CHANGES_ROWS,
  INCARNATION_PART,
  type Changes,
  type ChangesQuery,
  type ChangesRow,
  type ReadyIndex,
} from './activity_changes_read.js';

export interface TotalsQuery {
  /** Quarters of an hour since 1970, to exclusive. */
  fromBucket: number;
  toBucket: number;
  /** At most so many types. */
  limit: number;
}

export interface Totals {
  /** The index of the counts; undefined where none is ready, and then there are no types. */
  index: ReadyIndex | undefined;
  /** The newest of the rows that were read. */
  version: number;
  /** By count descending, then by code point; none without events. */
  types: { type: number; eventType: string; count: number }[];
}

export interface ChangesAndTotals {
  changes: Changes;
  totals: Totals;
}

export interface TotalsAlone extends Totals {
  /** As Changes has it. */
  incarnation: string;
}

/** UTC days that the buckets lie in, and those of them that lie in the range as a whole, or in part. */
interface TotalsAsked {
  first: number;
  last: number;
  firstWhole: number;
  lastWhole: number;
  partial: readonly number[];
  limit: number;
}

/** The parts of a WITH that TOTALS_ROWS selects from. */
const TOTALS_PARTS = part<TotalsAsked>`
    counts AS MATERIALIZED (
      SELECT id, generation, sealed_before AS "sealedBefore", complete_from AS "completeFrom"
      FROM activity_indexes
      WHERE zone = '' AND state = 'ready'
    ), sums AS MATERIALIZED (
      -- Of days that the range holds in part, none of the events or all of them may lie in it.
      SELECT type, sum(total) AS possible, max(seq) AS seq, coalesce(sum(total) FILTER (
        WHERE day BETWEEN ${({ firstWhole }) => firstWhole} AND ${({ lastWhole }) => lastWhole}
      ), 0) AS certain
      FROM activity_counts
      WHERE index_id = (SELECT id FROM counts)
        AND day BETWEEN ${({ first }) => first} AND ${({ last }) => last}
      GROUP BY type
    ), candidates AS MATERIALIZED (
      SELECT type, certain
      FROM sums
      WHERE possible > 0 AND possible >= coalesce(
        (SELECT certain FROM sums ORDER BY certain DESC OFFSET ${({ limit }) => limit - 1} LIMIT 1), 0)
    )`;

const TOTALS_ROWS = part<TotalsAsked>`
    SELECT 'counts' AS kind, (SELECT coalesce(max(seq), 0) FROM sums) AS seq,
      NULL::int AS type, NULL::int AS slot, NULL::bytea AS bytes, NULL::bigint AS total, NULL::text AS name,
      json_build_object('index', (SELECT row_to_json(counts) FROM counts)) AS head
    UNION ALL
    SELECT 'total', 0, type, NULL, NULL, certain::bigint, event_type, NULL
    FROM candidates JOIN event_types ON event_types.number = candidates.type
    UNION ALL
    SELECT 'partial', 0, type, day, quarters, NULL, NULL, NULL
    FROM activity_counts
    WHERE index_id = (SELECT id FROM counts) AND day = ANY(${({ partial }) => intArray(partial)}::int[])
      AND type IN (SELECT type FROM candidates)`;

const INCARNATION_ROW = part`
    SELECT 'incarnation', 0, NULL, NULL, NULL, NULL, ${INCARNATION_PART}, NULL`;

const TOTALS = prepared<TotalsAsked, ChangesRow>(
  part`WITH ${TOTALS_PARTS} ${TOTALS_ROWS} UNION ALL ${INCARNATION_ROW}`,
);

interface BothAsked {
  changes: ChangesQuery;
  totals: TotalsAsked;
}
const CHANGES_PARTS_OF_BOTH = asking(CHANGES_PARTS, (both: BothAsked) => both.changes);
const TOTALS_PARTS_OF_BOTH = asking(TOTALS_PARTS, (both: BothAsked) => both.totals);
const TOTALS_ROWS_OF_BOTH = asking(TOTALS_ROWS, (both: BothAsked) => both.totals);
const CHANGES_AND_TOTALS = prepared<BothAsked, ChangesRow>(
  part`WITH ${CHANGES_PARTS_OF_BOTH}, ${TOTALS_PARTS_OF_BOTH} ${CHANGES_ROWS} UNION ALL ${TOTALS_ROWS_OF_BOTH}`,
);

/** Which types have the most events. */
export async function readTotals(sql: Sql, query: TotalsQuery): Promise<TotalsAlone> {
  const rows = await TOTALS(sql, askedOf(query));
  const { index, version, types } = totalsOf(rows, query);
  const incarnation = rows.find(([kind]) => kind === 'incarnation')?.[6] ?? '';
  return { index, version, types, incarnation };
}

/** The same, and what is new in an index: both of the same moment. */
export async function readChangesAndTotals(
  sql: Sql,
  changes: ChangesQuery,
  query: TotalsQuery,
): Promise<ChangesAndTotals> {
  const rows = await CHANGES_AND_TOTALS(sql, { changes, totals: askedOf(query) });
  return { changes: changesOf(rows), totals: totalsOf(rows, query) };
}

function askedOf({ fromBucket, toBucket, limit }: TotalsQuery): TotalsAsked {
  const first = Math.floor(fromBucket / QUARTERS_PER_DAY);
  const last = Math.ceil(toBucket / QUARTERS_PER_DAY) - 1;
  const firstWhole = Math.ceil(fromBucket / QUARTERS_PER_DAY);
  const lastWhole = Math.floor(toBucket / QUARTERS_PER_DAY) - 1;
  const partial = [...new Set([first, last])].filter((day) => day < firstWhole || day > lastWhole);
  return { first, last, firstWhole, lastWhole, partial, limit };
}

function totalsOf(rows: readonly ChangesRow[], { fromBucket, toBucket, limit }: TotalsQuery): Totals {
  let index: ReadyIndex | undefined;
  let version = 0;
  const types = new Map<number, { type: number; eventType: string; count: number }>();
  for (const [kind, seq, type, , , total, name, head] of rows) {
    if (kind === 'counts') {
      index = head?.index ?? undefined;
      version = exactCount(seq);
    }
    if (kind !== 'total' || type === null || name === null) continue;
    types.set(type, { type, eventType: name, count: exactCount(total ?? 0) });
  }
  for (const [kind, , type, slot, bytes] of rows) {
    const found = kind === 'partial' ? types.get(type ?? 0) : undefined;
    if (found === undefined || slot === null || bytes === null) continue;
    decodeQuarterCounts(bytes).forEach((count, quarter) => {
      const bucket = slot * QUARTERS_PER_DAY + quarter;
      if (bucket >= fromBucket && bucket < toBucket) found.count += count;
    });
  }
  return {
    index,
    version,
    types: [...types.values()]
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count || byCodePoint(a.eventType, b.eventType))
      .slice(0, limit),
  };
}

/** UTF-16 order is another one. */
function byCodePoint(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
