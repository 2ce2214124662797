import {
  CEILING_LIMITS,
  changedNumbersOfProperties,
  quoteValue,
  type FieldProblem,
} from '@event-analytics/event-schema';

import type { EventField } from '../event-fields.js';
import { readTimestamp } from './timestamps.js';

export type Values = Readonly<Record<string, unknown>>;

/** Reads the values of one record by key, and collects what stands in the way. */
export interface RecordReader {
  problems: FieldProblem[];
  /**
   * A text, or a whole number as one; undefined for what is absent, null or empty. Anything else is a problem.
   * @param within where the values stand in the record, such as `properties.`
   */
  text(values: Values, key: string, within?: string): string | undefined;
  /** An object, or the JSON of one; undefined for what is absent, null or empty. Anything else is a problem. */
  object(values: Values, key: string, within?: string): Values | undefined;
  /** A timestamp as RFC 3339; undefined for what is absent. Anything else is a problem. */
  timestamp(values: Values, key: string, zone: string): string | undefined;
  /** It is a problem that there is no value. `path` is what the export calls it, `becomes` the event's field. */
  need(value: unknown, path: string, becomes: EventField): void;
  refuse(path: string, code: FieldProblem['code'], message: string): undefined;
}

export function createRecordReader(): RecordReader {
  const problems: FieldProblem[] = [];

  return { problems, text, object, timestamp, need, refuse };

  function refuse(path: string, code: FieldProblem['code'], message: string): undefined {
    problems.push({ path, code, message });
    return undefined;
  }

  function text(values: Values, key: string, within = ''): string | undefined {
    const value = own(values, key);
    if (isNothing(value)) return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    const path = within + key;
    return refuse(path, 'invalid_type', `${path} must be a text, not ${quoteValue(value)}: mend the record.`);
  }

  function object(values: Values, key: string, within = ''): Values | undefined {
    const value = own(values, key);
    if (isNothing(value)) return undefined;
    if (isObject(value)) return value;
    const path = within + key;
    if (typeof value !== 'string') {
      const message = `${path} must be an object, not ${quoteValue(value)}: mend the record.`;
      return refuse(path, 'invalid_type', message);
    }
    const parsed = parseJson(value);
    if (!isObject(parsed)) {
      const message = `${path} must be the JSON of an object, not ${quoteValue(value)}: mend the record.`;
      return refuse(path, 'invalid_json', message);
    }
    problems.push(...changedNumbersOfProperties(value, CEILING_LIMITS.maxPropertiesDepth));
    return parsed;
  }

  function timestamp(values: Values, key: string, zone: string): string | undefined {
    const written = text(values, key);
    if (written === undefined) return undefined;
    const message = `${key} is no timestamp, or none that exists (in ${zone}): ${quoteValue(written)}; expected is one like "2024-01-31 23:59:59.999".`;
    return readTimestamp(written, zone) ?? refuse(key, 'invalid_timestamp', message);
  }

  function need(value: unknown, path: string, becomes: EventField): void {
    if (value !== undefined || problems.some((problem) => problem.path === path)) return;
    const message = `${path} is missing: it becomes the event's ${becomes}; export it too, or leave such records out.`;
    refuse(path, 'required', message);
  }
}

export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Never what is inherited: a record may lack `constructor`. */
export function own(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function isNothing(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
