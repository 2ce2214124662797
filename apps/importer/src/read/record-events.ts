import {
  MAX_PROBLEMS_PER_EVENT,
  quoteValue,
  readPropertiesText,
  validateEvent,
  type EventLimits,
  type FieldProblem,
} from '@event-analytics/event-schema';

import { EVENT_FIELDS, type EventField, type EventFields } from './event-fields.js';
import { eventIdOf } from './event-id.js';
import { presets } from './presets/index.js';
import { defaultColumns, type ReadSettings } from './read-settings.js';
import { problemOf, verdictOf, type RowVerdict } from './row-verdict.js';
import { createTimestampReader } from './timestamps.js';

/** A record: of JSON, the object of a line; of Parquet, a row by column name; of CSV, its cells as texts. */
export type RecordValues = Readonly<Record<string, unknown>>;

/** @param also what is wrong with the record already */
export type JudgeRecord = (record: unknown, nowMs: number, also?: readonly FieldProblem[]) => RowVerdict;

/** What a record is, by where the fields of an event stand in it, or by a preset. */
export function createRecordJudge(settings: ReadSettings, limits: EventLimits): JudgeRecord {
  const { timezone } = settings;
  const preset = settings.preset && presets[settings.preset];
  const interpret = createInterpreter(settings, limits);

  const mayBeEvent = isEventAsSent(settings);
  const paths = { ...defaultColumns('ndjson'), ...settings.columns };

  return (record, nowMs, also) => {
    if (!isRecord(record)) return verdictOf(validateEvent(record, { limits, nowMs }, also));
    let fields: RecordValues = record;
    if (!mayBeEvent || typeof record['properties'] === 'string') {
      const interpreted = preset ? preset.toEvent(record, { timezone }) : interpret(record);
      if (Array.isArray(interpreted)) return problemOf([...interpreted, ...(also ?? [])]);
      fields = withoutUndefined(interpreted);
    }
    const checked = validateEvent(fields, { limits, nowMs }, also);
    if (checked.ok) return checked.event;
    return problemOf(checked.problems.map((problem) => withHint(problem, fields, paths)));
  };
}

/** Are records events as POST /events takes them, if they are any? */
export function isEventAsSent(settings: ReadSettings): boolean {
  const { columns, defaultEventType, eventIdFrom, extraColumns, preset, timestamps, timezone } = settings;
  const isMapped = Object.entries(columns).some(([field, path]) => path !== field);
  const isMade = defaultEventType !== undefined || eventIdFrom !== undefined || timezone !== undefined;
  return !isMapped && !isMade && !preset && timestamps === 'rfc3339' && extraColumns === 'refuse';
}

type Interpret = (record: RecordValues) => EventFields | FieldProblem[];

function createInterpreter(settings: ReadSettings, limits: EventLimits): Interpret {
  const { extraColumns, defaultEventType, eventIdFrom } = settings;
  const columns = { ...defaultColumns('ndjson'), ...settings.columns };
  const paths = EVENT_FIELDS.filter(
    (field) => columns[field] !== '' && (field !== 'event_id' || (eventIdFrom?.includes(field) ?? true)),
  ).map((field) => ({ field, path: columns[field], segments: columns[field].split('.') }));
  const mapped = new Set(paths.map(({ path }) => path));
  const within = new Set(paths.map(({ segments }) => segments[0]));
  const readTimestamp = createTimestampReader(settings);

  return (record) => {
    const fields: EventFields = { ...NO_FIELDS };
    const problems: FieldProblem[] = [];
    for (const { field, path, segments } of paths) {
      // A key may have dots of its own.
      fields[field] = Object.hasOwn(record, path) ? record[path] : valueAt(record, segments);
    }
    if (defaultEventType !== undefined && isNothing(fields.event_type)) fields.event_type = defaultEventType;
    if (eventIdFrom !== undefined) {
      const texts = eventIdFrom.map((field) => asText(fields[field]));
      if (texts.every((text) => text === '')) problems.push(noEventId(eventIdFrom));
      fields.event_id = eventIdOf(texts);
    }
    if (readTimestamp !== undefined) {
      const { occurred_at } = fields;
      const isText = typeof occurred_at === 'string';
      if (isText || (typeof occurred_at === 'number' && settings.timestamps !== 'rfc3339')) {
        const timestamp = readTimestamp(isText ? occurred_at : String(occurred_at));
        if (typeof timestamp === 'string') fields.occurred_at = timestamp;
        else problems.push(timestamp);
      }
    }
    if (typeof fields.properties === 'string') {
      const read = readPropertiesText(fields.properties, limits.maxPropertiesDepth);
      if (read.ok) fields.properties = read.value;
      else problems.push(...read.problems);
    }
    if (extraColumns !== 'ignore') {
      const extra = Object.keys(record).filter((key) => !mapped.has(key));
      if (extraColumns === 'properties') fields.properties = withExtra(record, extra, fields.properties);
      else problems.push(...unknownFields(extra.filter((key) => !within.has(key))));
    }
    return problems.length > 0 ? problems : fields;
  };
}

function unknownFields(keys: readonly string[]): FieldProblem[] {
  return keys.slice(0, MAX_PROBLEMS_PER_EVENT).map((key) => {
    const name = quoteValue(key);
    const message = `${name} is no field that is read: see --map and --extra-columns.`;
    return { path: name, code: 'unknown_field', message };
  });
}

const NO_FIELDS: EventFields = {
  event_id: undefined,
  user_id: undefined,
  event_type: undefined,
  occurred_at: undefined,
  properties: undefined,
};

export function noEventId(eventIdFrom: readonly EventField[]): FieldProblem {
  const message = `event_id cannot be made: ${eventIdFrom.join(', ')} ${eventIdFrom.length > 1 ? 'are' : 'is'} empty.`;
  return { path: 'event_id', code: 'required', message };
}

function isRecord(value: unknown): value is RecordValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** A field as it is written in the input. */
function asText(value: unknown): string {
  if (isNothing(value)) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function valueAt(record: RecordValues, segments: readonly string[]): unknown {
  let value: unknown = record;
  for (const segment of segments) {
    if (!isRecord(value) || !Object.hasOwn(value, segment)) return undefined;
    value = value[segment];
  }
  return value;
}

/** Further columns first, so that of a name that stands twice the one in properties counts. */
function withExtra(record: RecordValues, keys: readonly string[], properties: unknown): unknown {
  if (keys.length === 0) return properties;
  if (properties !== undefined && properties !== null && !isRecord(properties)) return properties;
  const all: Record<string, unknown> = {};
  for (const key of keys)
    if (record[key] !== null && record[key] !== undefined) define(all, key, record[key]);
  for (const [key, value] of Object.entries(properties ?? {})) define(all, key, value);
  return all;
}

function define(target: Record<string, unknown>, key: string, value: unknown): void {
  // Which an assignment would take for something else.
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) if (fields[key] !== undefined) define(event, key, fields[key]);
  return event;
}

/** What to do about a value of another type than JSON's text: products write ids and times as numbers. */
function withHint(
  problem: FieldProblem,
  fields: RecordValues,
  paths: Readonly<Record<string, string>>,
): FieldProblem {
  if (problem.code !== 'invalid_type' || typeof fields[problem.path] !== 'number') return problem;
  const hint =
    problem.path === 'occurred_at'
      ? 'See --timestamps for numbers since 1970.'
      : `Write it in quotes; jq makes a text of it: jq -c '.${paths[problem.path] ?? problem.path} |= tostring'.`;
  return { ...problem, message: `${problem.message} ${hint}` };
}
