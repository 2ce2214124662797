import type { EventField, PresetName } from './event-fields.js';

export type InputFormat = 'csv' | 'ndjson' | 'parquet';

/** Which events an input holds: the same text read with the same settings is the same import. */
export interface ReadSettings {
  format: InputFormat;
  /**
   * Where the fields of an event stand: a column of CSV, a dotted path of NDJSON and Parquet. Of those that are not named,
   * see defaultColumns. An empty text for properties: nowhere.
   */
  columns: Readonly<Partial<Record<EventField, string>>>;
  /** What becomes of columns that nothing is mapped to. */
  extraColumns: 'refuse' | 'ignore' | 'properties';
  /** Of records that name none. */
  defaultEventType: string | undefined;
  timestamps: 'rfc3339' | 'epoch-seconds' | 'epoch-milliseconds';
  /** IANA name: of timestamps without an offset. Undefined: they are refused. */
  timezone: string | undefined;
  /** event_id is then a UUIDv5 of these fields as they are written. */
  eventIdFrom: readonly EventField[] | undefined;
  preset: PresetName | undefined;
}

/** Each field by its own name. */
export function defaultColumns(format: InputFormat): Record<EventField, string> {
  return {
    event_id: 'event_id',
    user_id: 'user_id',
    event_type: 'event_type',
    occurred_at: 'occurred_at',
    properties: format === 'csv' ? 'properties_json' : 'properties',
  };
}
