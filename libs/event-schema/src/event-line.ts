import type { AcceptedEvent } from './accepted-event.js';
import { readJson } from './body-text.js';
import { eventValidator } from './event-validator.js';
import { CEILING_LIMITS, END_OF_TIME_MS, type EventLimits } from './limits.js';
import { changedNumbersOfProperties } from './number-precision.js';
import type { FieldProblem } from './problems.js';

// The clock is not asked: an event accepted yesterday must not become poison by waiting.
export const WIRE_LIMITS: EventLimits = { ...CEILING_LIMITS, maxFutureMs: END_OF_TIME_MS };

/**
 * A valid event as a line: its fields between tabs, those of a fixed length first. It needs no escapes: names hold no
 * control characters, and JSON text escapes its own.
 */
export const lineOf = (event: Omit<AcceptedEvent, 'properties'>, propertiesJson: string): string =>
  `${event.event_id}\t${event.occurred_at}\t${event.user_id}\t${event.event_type}\t${propertiesJson}`;

/** An event as JSON, valid or not. @param propertiesJson its properties as they stand, JSON or not */
export const jsonOf = (event: Omit<AcceptedEvent, 'properties'>, propertiesJson: string): string => {
  // Field by field: they may be getters.
  const { event_id, user_id, event_type, occurred_at } = event;
  const fields = JSON.stringify({ event_id, user_id, event_type, occurred_at });
  return `${fields.slice(0, -1)},"properties":${propertiesJson}}`;
};

export type ReadLine =
  | { ok: true; event: AcceptedEvent }
  | {
      ok: false;
      /** At least one. */
      problems: FieldProblem[];
      /** The event as JSON, or the line where it cannot be had as JSON. */
      raw: string;
    };

/** The event of a line, parsed and validated by WIRE_LIMITS. */
export const readEventLine = (line: string): ReadLine => {
  const [event_id = '', occurred_at = '', user_id = '', event_type = '', ...rest] = line.split('\t');
  if (rest.length === 0) {
    const message = 'a line must be five fields between tabs, the properties of the event last.';
    return { ok: false, problems: [{ path: '', code: 'invalid_type', message }], raw: line };
  }
  // Between the values of JSON a tab is white space.
  const properties_json = rest.join('\t');
  const json = readJson(properties_json);
  if (!json.ok) {
    const message = `properties are not valid JSON: ${json.where}.`;
    return { ok: false, problems: [{ path: 'properties', code: 'invalid_json', message }], raw: line };
  }
  const fields = { event_id, user_id, event_type, occurred_at };
  const result = eventValidator(WIRE_LIMITS)(
    { ...fields, properties: json.value },
    0,
    changedNumbersOfProperties(properties_json, WIRE_LIMITS.maxPropertiesDepth),
  );
  if (result.ok) return result;
  return { ...result, raw: jsonOf(fields, properties_json) };
};
