import {
  readPlainFields,
  validateCsvFields,
  type CsvFields,
  type EventLimits,
} from '@event-analytics/event-schema';

import type { CsvColumns } from './csv-columns.js';
import type { EventField } from './event-fields.js';
import { eventIdOf } from './event-id.js';
import type { ReadSettings } from './read-settings.js';
import { noEventId, type JudgeRecord } from './record-events.js';
import { isProblem, verdictOf, type RowProblem, type RowVerdict } from './row-verdict.js';
import { createTimestampReader } from './timestamps.js';

/** What a row is whose cells are these texts. */
export type JudgeCells = (cell: (column: number) => string, nowMs: number) => RowVerdict;

/** By the rules of an event. `fast` false: by the schema alone; both must judge alike. */
export function createCellJudge(
  columns: CsvColumns,
  settings: ReadSettings,
  { limits, fast }: { limits: EventLimits; fast: boolean },
): JudgeCells {
  const readCells = createCellReader(columns, settings);
  return (cell, nowMs) => {
    const fields = readCells(cell);
    if (isProblem(fields)) return fields;
    const plain = fast ? readPlainFields(fields, limits, nowMs) : undefined;
    return plain ?? verdictOf(validateCsvFields(fields, { limits, nowMs }));
  };
}

/** As records, by the names of their columns. */
export function createNamedCellJudge(names: readonly string[], judge: JudgeRecord): JudgeCells {
  return (cell, nowMs) => judge(Object.fromEntries(names.map((name, at) => [name, cell(at)])), nowMs);
}

type ReadCells = (cell: (column: number) => string) => CsvFields | RowProblem;

/** How the cells of a row become the fields of an event, by the file's columns and what was asked for. */
function createCellReader(columns: CsvColumns, settings: ReadSettings): ReadCells {
  const { at, escapedAt, extra } = columns;
  const { defaultEventType, eventIdFrom } = settings;
  const readTimestamp = createTimestampReader(settings);
  const isPlain =
    escapedAt === undefined &&
    extra.length === 0 &&
    defaultEventType === undefined &&
    eventIdFrom === undefined &&
    readTimestamp === undefined;
  return isPlain ? textsOf : read;

  function textsOf(cell: (column: number) => string): CsvFields {
    return {
      event_id: at.event_id === undefined ? '' : cell(at.event_id),
      occurred_at: at.occurred_at === undefined ? '' : cell(at.occurred_at),
      user_id: at.user_id === undefined ? '' : cell(at.user_id),
      event_type: at.event_type === undefined ? '' : cell(at.event_type),
      properties_json: at.properties === undefined ? '' : cell(at.properties),
    };
  }

  function read(cell: (column: number) => string): CsvFields | RowProblem {
    const fields = textsOf(cell);
    const escaped = escapedAt === undefined ? '' : cell(escapedAt);
    const problem = escaped === '' ? undefined : unescape(fields, escaped);
    if (problem) return problem;
    if (defaultEventType !== undefined && fields.event_type === '') fields.event_type = defaultEventType;
    if (eventIdFrom !== undefined) {
      const texts = eventIdFrom.map((field) => fields[CSV_FIELD[field]]);
      if (texts.every((text) => text === '')) return noEventId(eventIdFrom);
      fields.event_id = eventIdOf(texts);
    }
    if (readTimestamp !== undefined) {
      const timestamp = readTimestamp(fields.occurred_at);
      if (typeof timestamp !== 'string') return timestamp;
      fields.occurred_at = timestamp;
    }
    if (extra.length > 0) fields.properties_json = withExtra(fields.properties_json, extra, cell);
    return fields;
  }
}

const CSV_FIELD = {
  event_id: 'event_id',
  user_id: 'user_id',
  event_type: 'event_type',
  occurred_at: 'occurred_at',
  properties: 'properties_json',
} as const satisfies Record<EventField, keyof CsvFields>;

/**
 * Our exports put a ' in front of a name that a spreadsheet would run as a formula, and say so in `escaped`: the names
 * of the columns, a blank between them.
 */
function unescape(fields: CsvFields, escaped: string): RowProblem | undefined {
  for (const name of escaped.split(' ')) {
    if (name !== 'user_id' && name !== 'event_type') {
      const message = `escaped is ${JSON.stringify(name.slice(0, 64))}: it names user_id, event_type or both, or is empty.`;
      return { code: 'invalid_escape', message };
    }
    if (!fields[name].startsWith("'")) {
      const message = `escaped names ${name}, but that does not begin with ': put one in front, or take ${name} out of escaped.`;
      return { code: 'invalid_escape', message };
    }
    fields[name] = fields[name].slice(1);
  }
  return undefined;
}

/** Further columns go in front, so that of a name that stands twice the one in properties counts; empty ones are left out. */
function withExtra(text: string, extra: CsvColumns['extra'], cell: (column: number) => string): string {
  const members = extra.flatMap(({ name, at }) => {
    const value = cell(at);
    return value === '' ? [] : [`${JSON.stringify(name)}:${JSON.stringify(value)}`];
  });
  const properties = text.trim();
  if (members.length === 0) return text;
  if (properties === '') return `{${members.join(',')}}`;
  // What is no object is refused as it is.
  if (!properties.startsWith('{')) return text;
  const rest = properties.slice(1).trimStart();
  return `{${members.join(',')}${rest.startsWith('}') ? '' : ','}${rest}`;
}
