import type { z } from 'zod';
import type { AcceptedEvent } from './accepted-event.js';
import { createEventSchema, isUuid } from './event-schema.js';
import { MAX_PROBLEMS_PER_EVENT, type EventLimits } from './limits.js';
import { readPlainEvent } from './plain-event.js';
import { isEventProblemCode, type EventProblem, type FieldProblem } from './problems.js';
import { formatPath, nameType, quoteValue } from './quoting.js';

export type Validation = { ok: true; event: AcceptedEvent } | { ok: false; problems: FieldProblem[] };

/** Validates one parsed value at an instant; `also` are problems found in its text. */
export type ValidateEvent = (input: unknown, nowMs: number, also?: readonly FieldProblem[]) => Validation;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const EXPECTED: Readonly<Record<string, string>> = {
  event_id: 'a UUID as a string',
  user_id: 'a string',
  event_type: 'a string',
  occurred_at: 'an RFC 3339 timestamp as a string',
};

const wrongType = (input: unknown, path: PropertyKey[]): FieldProblem => {
  const field = path[0];
  if (!isObject(input) || typeof field !== 'string') {
    return {
      path: '',
      code: 'invalid_type',
      message: `an event must be a JSON object, not ${nameType(input)}.`,
    };
  }
  const expected = EXPECTED[field] ?? 'a value';
  if (!Object.hasOwn(input, field)) {
    return { path: field, code: 'required', message: `${field} is missing: send ${expected}.` };
  }
  const value = input[field];
  const shown = typeof value === 'object' ? '' : ` (${quoteValue(value)})`;
  return {
    path: field,
    code: 'invalid_type',
    message: `${field} must be ${expected}, not ${nameType(value)}${shown}.`,
  };
};

const unknownField = (key: string): FieldProblem => {
  const path = formatPath([key]);
  return {
    path,
    code: 'unknown_field',
    message: `${path} is no field of an event: remove it, or put it into properties.`,
  };
};

const problemsOf = (input: unknown, issue: z.core.$ZodIssue): FieldProblem[] => {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, MAX_PROBLEMS_PER_EVENT).map(unknownField);
  const code: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  if (isEventProblemCode(code)) return [{ path: formatPath(issue.path), code, message: issue.message }];
  return [wrongType(input, issue.path)];
};

const firstOfEach = (problems: readonly FieldProblem[]): FieldProblem[] => {
  const seen = new Set<string>();
  return problems
    .filter(({ path, code }) => {
      const key = `${code} ${path}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, MAX_PROBLEMS_PER_EVENT);
};

const createEventValidator = (limits: EventLimits): ValidateEvent => {
  // The schema is made once (zod compiles it), its clock is set for each call; nothing here awaits.
  let clockMs = 0;
  const schema = createEventSchema(limits, () => clockMs);
  return (input, nowMs, also = []) => {
    const plain = also.length === 0 ? readPlainEvent(input, limits, nowMs) : undefined;
    if (plain) return { ok: true, event: plain };
    clockMs = nowMs;
    const result = schema.safeParse(input);
    if (result.success && also.length === 0) return { ok: true, event: result.data };
    const issues = result.success ? [] : result.error.issues;
    return {
      ok: false,
      problems: firstOfEach([...issues.flatMap((issue) => problemsOf(input, issue)), ...also]),
    };
  };
};

const validators = new WeakMap<EventLimits, ValidateEvent>();

/** The validator of these limits, made once for each limits object: pass the same one every time. */
export const eventValidator = (limits: EventLimits): ValidateEvent => {
  const known = validators.get(limits);
  if (known) return known;
  const made = createEventValidator({ ...limits });
  validators.set(limits, made);
  return made;
};

/** The problems of one event as they are reported. */
export const locateProblems = (
  input: unknown,
  problems: readonly FieldProblem[],
  place: { index: number; line?: number },
): EventProblem[] => {
  const id = isObject(input) ? input['event_id'] : undefined;
  const event_id = typeof id === 'string' && isUuid(id) ? id : null;
  return problems.map(({ path, code, message }) => ({ ...place, event_id, path, code, message }));
};
