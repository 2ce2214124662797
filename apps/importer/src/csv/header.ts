import type { CsvFields } from '@event-analytics/event-schema';

export const CSV_COLUMNS = [
  'event_id',
  'occurred_at',
  'user_id',
  'event_type',
  'properties_json',
] as const satisfies readonly (keyof CsvFields)[];

export class HeaderError extends Error {
  override readonly name = 'HeaderError';
}

export interface ColumnOrder {
  count: number;
  /** `fields` must have `count` entries. */
  toCsvFields(fields: readonly string[]): CsvFields;
}

/** Columns may stand in any order, but must be these five, each once: a typo must not import empty properties. */
export function readHeader(names: readonly string[]): ColumnOrder {
  const known = new Set<string>(CSV_COLUMNS);
  const missing = CSV_COLUMNS.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !known.has(name));
  const repeated = [...new Set(names.filter((name, i) => known.has(name) && names.indexOf(name) < i))];
  const faults = [
    describe('missing', missing),
    describe('unknown', unknown),
    describe('more than once', repeated),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) {
    throw new HeaderError(`columns ${faults.join('; ')} (expected, in any order: ${CSV_COLUMNS.join(',')})`);
  }
  const at = Object.fromEntries(CSV_COLUMNS.map((name) => [name, names.indexOf(name)])) as Record<
    keyof CsvFields,
    number
  >;
  return {
    count: names.length,
    toCsvFields: (fields) => ({
      event_id: fields[at.event_id] ?? '',
      occurred_at: fields[at.occurred_at] ?? '',
      user_id: fields[at.user_id] ?? '',
      event_type: fields[at.event_type] ?? '',
      properties_json: fields[at.properties_json] ?? '',
    }),
  };
}

const NAMES_SHOWN_MAX = 10;
const NAME_LENGTH_MAX = 60;

function describe(fault: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const shown = names.slice(0, NAMES_SHOWN_MAX).map((name) => JSON.stringify(name.slice(0, NAME_LENGTH_MAX)));
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : '';
  return `${fault}: ${shown.join(', ')}${more}`;
}
