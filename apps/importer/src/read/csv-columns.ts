import { EVENT_FIELDS, type EventField } from './event-fields.js';
import { defaultColumns, type ReadSettings } from './read-settings.js';

export class HeaderError extends Error {
  override readonly name = 'HeaderError';
}

/** What our own exports say of the cells whose first ' was put there for spreadsheets: see csv-events.ts. */
export const ESCAPED_COLUMN = 'escaped';

/** Which column of a CSV file is what. */
export interface CsvColumns {
  /** As the header has them. */
  names: readonly string[];
  /** The column of each field; of an optional one that the file lacks, undefined. */
  at: Readonly<Record<EventField, number | undefined>>;
  escapedAt: number | undefined;
  /** Those that go into properties under their own names. */
  extra: readonly { name: string; at: number }[];
}

type ColumnSettings = Pick<ReadSettings, 'columns' | 'extraColumns' | 'defaultEventType' | 'eventIdFrom'>;

/**
 * Columns may stand in any order, but each that is needed must be there, once; and none besides, unless that is asked
 * for: a typo must not import empty properties.
 */
export function readCsvColumns(names: readonly string[], settings: ColumnSettings): CsvColumns {
  const columns = { ...defaultColumns('csv'), ...settings.columns };
  const expected = EVENT_FIELDS.filter((field) => {
    if (field === 'event_id') return settings.eventIdFrom?.includes(field) ?? true;
    return field !== 'properties' || columns[field] !== '';
  });
  const needed = expected.filter((field) => !isOptional(field, settings));
  const expectedNames = expected.map((field) => columns[field]);
  const known = new Set([...expectedNames, ESCAPED_COLUMN]);
  const extra = names.flatMap((name, at) => (known.has(name) ? [] : [{ name, at }]));
  const checked = settings.extraColumns === 'ignore' ? [...known] : names;
  const repeated = checked.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
  const missing = needed.map((field) => columns[field]).filter((name) => !names.includes(name));
  const unknown = settings.extraColumns === 'refuse' ? extra.map(({ name }) => name) : [];
  const faults = [
    describe('missing', [...new Set(missing)]),
    describe('unknown', unknown),
    describe('more than once', [...new Set(repeated)]),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) {
    const expectedHere = `expected, in any order: ${expectedNames.join(',')}; see --map and --extra-columns`;
    throw new HeaderError(`columns ${faults.join('; ')} (${otherSeparator(names) ?? expectedHere})`);
  }
  const indexOf = (field: EventField): number | undefined => {
    const at = expected.includes(field) ? names.indexOf(columns[field]) : -1;
    return at === -1 ? undefined : at;
  };
  const escapedAt = expectedNames.includes(ESCAPED_COLUMN) ? -1 : names.indexOf(ESCAPED_COLUMN);
  return {
    names,
    at: {
      event_id: indexOf('event_id'),
      user_id: indexOf('user_id'),
      event_type: indexOf('event_type'),
      occurred_at: indexOf('occurred_at'),
      properties: indexOf('properties'),
    },
    escapedAt: escapedAt === -1 ? undefined : escapedAt,
    extra: settings.extraColumns === 'properties' ? extra : [],
  };
}

function isOptional(field: EventField, { columns, extraColumns, defaultEventType }: ColumnSettings): boolean {
  if (columns[field] !== undefined) return false;
  if (field === 'event_type') return defaultEventType !== undefined;
  // Then the properties are the columns that are not fields.
  return field === 'properties' && extraColumns === 'properties';
}

function otherSeparator(names: readonly string[]): string | undefined {
  const [only = '', ...more] = names;
  const separator = [';', '\t', '|'].find((one) => only.includes(one));
  if (more.length > 0 || separator === undefined) return undefined;
  return `they seem to be separated by ${JSON.stringify(separator)}: write them with commas`;
}

const NAMES_SHOWN_MAX = 10;
const NAME_LENGTH_MAX = 60;

function describe(fault: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const shown = names.slice(0, NAMES_SHOWN_MAX).map((name) => JSON.stringify(name.slice(0, NAME_LENGTH_MAX)));
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : '';
  return `${fault}: ${shown.join(', ')}${more}`;
}
