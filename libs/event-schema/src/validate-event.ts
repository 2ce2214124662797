import type { ParseOptions } from './batch.js';
import { eventValidator, type Validation } from './event-validator.js';
import { changedNumbersIn } from './number-precision.js';
import { readJson } from './body-text.js';
import type { FieldProblem } from './problems.js';

/** Validates one event as JSON.parse would give it; `also` are problems that its text had. */
export const validateEvent = (input: unknown, o: ParseOptions, also?: readonly FieldProblem[]): Validation =>
  eventValidator(o.limits)(input, o.nowMs, also);

/** Properties that came as a text: their value, or what is wrong with the text. Empty is `{}`. */
export const readPropertiesText = (
  text: string,
  maxPropertiesDepth: number,
): { ok: true; value: unknown } | { ok: false; problems: FieldProblem[] } => {
  if (text.trim() === '') return { ok: true, value: {} };
  const json = readJson(text);
  if (!json.ok) {
    const message = `properties are not valid JSON: ${json.where}; send an object, or leave it empty.`;
    return { ok: false, problems: [{ path: 'properties', code: 'invalid_json', message }] };
  }
  const changed = changedNumbersIn(text, maxPropertiesDepth);
  return changed.length === 0 ? { ok: true, value: json.value } : { ok: false, problems: changed };
};
