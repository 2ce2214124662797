import type { Readable } from 'node:stream';
import type { Sql } from '../database.js';

/** Which events: those that every one of these lets through. */
export interface EventSelection {
  /** The first instant, ms since 1970. */
  fromMs?: number | undefined;
  /** The instant after the last. */
  toMs?: number | undefined;
  /** Undefined: all. */
  eventTypes?: readonly string[] | undefined;
  userIds?: readonly string[] | undefined;
}

/**
 * How an event is written, UTF-8, a line each (no event holds a line break: names have none, JSON escapes its own):
 * - `csv`: RFC 4180, the columns of EXPORT_CSV_COLUMNS, no header. A user_id or event_type that a spreadsheet might take
 *   for a formula, or that begins with `'`, has one `'` put in front, and `escaped` names it.
 * - `ndjson`: as POST /events takes it.
 * - `rows`: CSV of event_id, occurred_at, user_id, event_type and properties, all as they are; for programs.
 */
export type ExportForm = 'csv' | 'ndjson' | 'rows';

export const EXPORT_CSV_COLUMNS = [
  'event_id',
  'occurred_at',
  'user_id',
  'event_type',
  'properties_json',
  'escaped',
] as const;

/** Escaped by a `'`; the mark itself is among them, so that taking it off again gives back what was there. */
const FORMULA_STARTS = String.raw`('=', '+', '-', '@', E'\t', E'\r', '''')`;
const isEscaped = (column: string) => `left(${column}, 1) IN ${FORMULA_STARTS}`;
const escaped = (column: string) =>
  `CASE WHEN ${isEscaped(column)} THEN '''' || ${column} ELSE ${column} END`;

const OCCURRED_AT = `to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

// NULL is written as nothing, an empty text as "".
const CSV = `event_id, ${OCCURRED_AT}, ${escaped('user_id')}, ${escaped('event_type')}, properties,
  nullif(concat_ws(' ', CASE WHEN ${isEscaped('user_id')} THEN 'user_id' END,
    CASE WHEN ${isEscaped('event_type')} THEN 'event_type' END), '')`;

const LINE = `'{"event_id":"' || event_id || '","user_id":' || to_json(user_id) || ',"event_type":' ||
  to_json(event_type) || ',"occurred_at":"' || ${OCCURRED_AT} || '","properties":' || properties || '}'`;

const ROW = `event_id, ${OCCURRED_AT}, user_id, event_type, properties`;

const FORMS: Readonly<Record<ExportForm, { columns: string; options: string }>> = {
  csv: { columns: CSV, options: 'FORMAT csv' },
  // One column that needs no quotes: JSON has no control characters. COPY's own text format would escape backslashes.
  ndjson: {
    columns: LINE,
    options: String.raw`FORMAT csv, QUOTE E'\x01', ESCAPE E'\x01', DELIMITER E'\x02'`,
  },
  rows: { columns: ROW, options: 'FORMAT csv' },
};

const TYPES_SETTING = 'event_analytics.export_event_types';
const USERS_SETTING = 'event_analytics.export_user_ids';

/**
 * Begins to read the events, in a transaction. They come as they lie on disk, partition by partition: a sort by time
 * would fill the server's disk with a copy of them, for no index has them in that order. As long as nothing changes,
 * they come in the same order again.
 * @throws RangeError for instants that are no time of ours
 */
export async function openEventsExport(
  sql: Sql,
  selection: EventSelection,
  form: ExportForm,
): Promise<Readable> {
  const { columns, options } = FORMS[form];
  // COPY takes no parameters, so what comes from outside is put into settings of the transaction.
  const conditions = [
    ...(await oneOf(sql, 'event_type', TYPES_SETTING, selection.eventTypes)),
    ...(await oneOf(sql, 'user_id', USERS_SETTING, selection.userIds)),
    ...bound('>=', selection.fromMs),
    ...bound('<', selection.toMs),
  ];
  // One order, and one core: whoever exports may go on taking events in.
  await sql.unsafe('SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0');
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return await sql.unsafe(`COPY (SELECT ${columns} FROM events${where}) TO STDOUT (${options})`).readable();
}

async function oneOf(
  sql: Sql,
  column: string,
  setting: string,
  values: readonly string[] | undefined,
): Promise<string[]> {
  if (values === undefined) return [];
  await sql`
    SELECT set_config(${setting}, coalesce(array_agg(value), '{}')::text, true)
    FROM json_array_elements_text(${JSON.stringify(values)}::text::json) AS value`;
  // Read once, not for each row.
  return [`${column} = ANY ((SELECT current_setting('${setting}')::text[])::text[])`];
}

function bound(comparison: '>=' | '<', ms: number | undefined): string[] {
  return ms === undefined ? [] : [`occurred_at ${comparison} '${new Date(ms).toISOString()}'::timestamptz`];
}
