import type { UserSet, UserSets } from '@event-analytics/user-sets';
import type { Sql } from '../database.js';
import { hexArray, intArray, textArray } from '../sql-text.js';
import type { IndexKey } from './index-key.js';

/** A row this small is merged whatever the size of what comes: it costs little more than a row of its own. */
const SMALL_BYTES = 512;
/** A row is merged when it is at most so many times as large as what comes. */
const MERGE_RATIO = 2;
/** Rows this small come along with the question how large they are. */
const INLINE_BYTES = 4_096;

/** New users of a key. */
export interface Segment {
  key: IndexKey;
  users: UserSet;
}

interface StoredRow {
  position: number;
  seq: string;
  bytes: number;
  users: Uint8Array | null;
}

interface Planned {
  segment: Segment;
  /** Newest first: to be merged into it. */
  merged: StoredRow[];
}

/**
 * Adds users to their keys: one new row each, into which those rows that are not much larger are merged,
 * newest first. So a bit is rewritten a logarithmic number of times, and a key's rows grow about twofold
 * from one to the next. Under the fold's lock only.
 * @returns bytes of the rows that were replaced: what lies dead in the table once the fold commits
 */
export async function appendSegments(
  sql: Sql,
  userSets: UserSets,
  seq: number,
  segments: readonly Segment[],
): Promise<number> {
  if (segments.length === 0) return 0;
  const planned = await planMerges(sql, segments);
  await fetchUsers(sql, planned);
  const replaced: { key: IndexKey; seq: string }[] = [];
  let replacedBytes = 0;
  for (const { segment, merged } of planned) {
    for (const row of merged) {
      if (row.users !== null) segment.users.add(userSets.fromBytes(row.users));
      replaced.push({ key: segment.key, seq: row.seq });
      replacedBytes += row.bytes;
    }
  }
  await deleteRows(sql, replaced);
  await insertRows(
    sql,
    segments.map(({ key, users }) => ({ key, seq: String(seq), users: users.toBytes() })),
  );
  return replacedBytes;
}

async function planMerges(sql: Sql, segments: readonly Segment[]): Promise<Planned[]> {
  const rows = await sql<StoredRow[]>`
    SELECT k.position::int4 AS position, s.seq, octet_length(s.users) AS bytes,
      CASE WHEN octet_length(s.users) <= ${INLINE_BYTES} THEN s.users END AS users
    FROM ${keyRows(
      sql,
      segments.map(({ key }) => key),
    )} AS k (index_id, unit, type, slot, position)
    JOIN activity_users s USING (index_id, unit, type, slot)
    ORDER BY k.position, s.seq DESC`;
  const planned = segments.map((segment): Planned => ({ segment, merged: [] }));
  // About two bytes a user and eight a container; what is merged adds its own length.
  let bytes = 0;
  let open = -1;
  let ended = false;
  for (const row of rows) {
    const plan = planned[row.position - 1];
    if (plan === undefined) continue;
    if (row.position !== open) {
      open = row.position;
      bytes = plan.segment.users.bytes;
      ended = false;
    }
    ended ||= row.bytes > SMALL_BYTES && row.bytes > MERGE_RATIO * bytes;
    if (ended) continue;
    plan.merged.push(row);
    bytes += row.bytes;
  }
  return planned;
}

/** The large ones of those to be merged, which were not told yet. */
async function fetchUsers(sql: Sql, planned: readonly Planned[]): Promise<void> {
  const wanted = planned.flatMap(({ segment, merged }) =>
    merged.filter((row) => row.users === null).map((row) => ({ key: segment.key, row })),
  );
  if (wanted.length === 0) return;
  const rows = await sql<{ position: number; users: Uint8Array }[]>`
    SELECT k.position::int4 AS position, s.users
    FROM ${rowRows(
      sql,
      wanted.map(({ key, row }) => ({ key, seq: row.seq })),
    )} AS k (index_id, unit, type, slot, seq, position)
    JOIN activity_users s USING (index_id, unit, type, slot, seq)`;
  for (const { position, users } of rows) {
    const found = wanted[position - 1];
    if (found !== undefined) found.row.users = users;
  }
}

/** Deletes rows of activity_users. */
export async function deleteRows(sql: Sql, rows: readonly { key: IndexKey; seq: string }[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    DELETE FROM activity_users s
    USING ${rowRows(sql, rows)} AS k (index_id, unit, type, slot, seq, position)
    WHERE s.index_id = k.index_id AND s.unit = k.unit AND s.type = k.type AND s.slot = k.slot AND s.seq = k.seq`;
}

/** Deletes all rows of these keys. @returns how many bytes of users */
export async function deleteKeys(sql: Sql, keys: readonly IndexKey[]): Promise<number> {
  if (keys.length === 0) return 0;
  const [row] = await sql<{ bytes: string }[]>`
    WITH gone AS (
      DELETE FROM activity_users s
      USING ${keyRows(sql, keys)} AS k (index_id, unit, type, slot, position)
      WHERE s.index_id = k.index_id AND s.unit = k.unit AND s.type = k.type AND s.slot = k.slot
      RETURNING octet_length(s.users) AS bytes
    )
    SELECT coalesce(sum(bytes), 0) AS bytes FROM gone`;
  return Number(row?.bytes ?? 0);
}

/** Deletes all rows of an index. @returns how many bytes of users */
export async function deleteUsersOf(sql: Sql, indexId: number): Promise<number> {
  const [row] = await sql<{ bytes: string }[]>`
    WITH gone AS (
      DELETE FROM activity_users WHERE index_id = ${indexId} RETURNING octet_length(users) AS bytes
    )
    SELECT coalesce(sum(bytes), 0) AS bytes FROM gone`;
  return Number(row?.bytes ?? 0);
}

/** Inserts rows of activity_users; their users in the portable format. */
export async function insertRows(
  sql: Sql,
  rows: readonly { key: IndexKey; seq: string; users: Uint8Array }[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO activity_users (index_id, unit, type, slot, seq, users)
    SELECT index_id, unit::"char", type, slot, seq, decode(users, 'hex')
    FROM unnest(
      ${intArray(rows.map(({ key }) => key.indexId))}::int2[],
      ${textArray(rows.map(({ key }) => key.unit))}::text[],
      ${intArray(rows.map(({ key }) => key.type))}::int4[],
      ${intArray(rows.map(({ key }) => key.slot))}::int4[],
      ${`{${rows.map(({ seq }) => seq).join(',')}}`}::int8[],
      ${hexArray(rows.map(({ users }) => users))}::text[]
    ) AS new (index_id, unit, type, slot, seq, users)`;
}

function keyRows(sql: Sql, keys: readonly IndexKey[]) {
  return sql`unnest(
    ${intArray(keys.map((key) => key.indexId))}::int2[],
    ${textArray(keys.map((key) => key.unit))}::"char"[],
    ${intArray(keys.map((key) => key.type))}::int4[],
    ${intArray(keys.map((key) => key.slot))}::int4[]
  ) WITH ORDINALITY`;
}

function rowRows(sql: Sql, rows: readonly { key: IndexKey; seq: string }[]) {
  return sql`unnest(
    ${intArray(rows.map(({ key }) => key.indexId))}::int2[],
    ${textArray(rows.map(({ key }) => key.unit))}::"char"[],
    ${intArray(rows.map(({ key }) => key.type))}::int4[],
    ${intArray(rows.map(({ key }) => key.slot))}::int4[],
    ${`{${rows.map(({ seq }) => seq).join(',')}}`}::int8[]
  ) WITH ORDINALITY`;
}
