import type { ParseOptions } from './batch.js';
import { readJson } from './body-text.js';
import { eventValidator, type Validation } from './event-validator.js';
import { changedNumbersOfProperties } from './number-precision.js';

/** The columns of one CSV row, unquoted. */
export interface CsvFields {
  event_id: string;
  occurred_at: string;
  user_id: string;
  event_type: string;
  /** A JSON object; empty is `{}`. */
  properties_json: string;
}

/** Validates one CSV row by the rules of an event; `properties_json` is its properties as text. */
export const validateCsvFields = (fields: CsvFields, o: ParseOptions): Validation => {
  const { properties_json: text, ...event } = fields;
  const validate = eventValidator(o.limits);
  if (text.trim() === '') return validate(event, o.nowMs);
  const json = readJson(text);
  if (!json.ok) {
    const message = `properties_json is not valid JSON: ${json.where}; send an object, or leave it empty.`;
    return validate(event, o.nowMs, [{ path: 'properties_json', code: 'invalid_json', message }]);
  }
  const changed = changedNumbersOfProperties(text, o.limits.maxPropertiesDepth);
  return validate({ ...event, properties: json.value }, o.nowMs, changed);
};
