import { readJson } from './body-text.js';
import type { CsvFields } from './csv-fields.js';
import type { EventLimits } from './limits.js';
import { changedNumbersIn } from './number-precision.js';
import { readPlainFields } from './plain-fields.js';
import type { FieldProblem } from './problems.js';

export type JsonLine =
  | { ok: true; value: unknown; /** Numbers that JavaScript reads as others. */ changed: FieldProblem[] }
  | { ok: false; problem: FieldProblem };

/** Reads one JSON text, and what in it would not be kept. `maxDepth`: levels in which numbers are looked at. */
export const readJsonLine = (text: string, maxDepth: number): JsonLine => {
  const json = readJson(text);
  if (json.ok) return { ok: true, value: json.value, changed: changedNumbersIn(text, maxDepth) };
  const message = `the line is not valid JSON: ${json.where}.`;
  return { ok: false, problem: { path: '', code: 'invalid_json', message } };
};

const TEXT = String.raw`"([^"\\\x00-\x1f]*)"`;
const LINE = new RegExp(
  String.raw`^\{"event_id": ?${TEXT}, ?"user_id": ?${TEXT}, ?"event_type": ?${TEXT}, ?"occurred_at": ?${TEXT}(?:, ?"properties": ?(\{.*\}))?\}$`,
);

/**
 * The event of a line that holds an ordinary valid one, its fields in this order and its properties the text that they
 * were: for what the schema would take as the same event. Undefined for any other line: the schema then tells.
 */
export const readPlainLine = (text: string, limits: EventLimits, nowMs: number): CsvFields | undefined => {
  const match = LINE.exec(text);
  if (match === null) return undefined;
  const [, event_id = '', user_id = '', event_type = '', occurred_at = '', properties_json = ''] = match;
  // What stands behind properties is in their text here, which is then none of an object.
  return readPlainFields({ event_id, user_id, event_type, occurred_at, properties_json }, limits, nowMs);
};
