import type { ReadSettings } from '../src/read/read-settings.js';

/** As inputs are read where nothing else is said. */
export const CSV: ReadSettings = {
  format: 'csv',
  columns: {},
  extraColumns: 'refuse',
  defaultEventType: undefined,
  timestamps: 'rfc3339',
  timezone: undefined,
  eventIdFrom: undefined,
  preset: undefined,
};
export const NDJSON: ReadSettings = { ...CSV, format: 'ndjson' };
export const PARQUET: ReadSettings = { ...CSV, format: 'parquet' };
