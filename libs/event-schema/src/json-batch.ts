import {
  addProblems,
  emptyBatch,
  textOf,
  tooManyEvents,
  type ParsedBatch,
  type ParseOptions,
} from './batch.js';
import { readJson } from './body-text.js';
import { eventValidator, locateProblems } from './event-validator.js';
import { MAX_PROBLEMS_PER_EVENT } from './limits.js';
import { changedNumbers, mayHoldChangedNumber } from './number-precision.js';
import { BatchError, type FieldProblem } from './problems.js';
import { formatPath, nameType } from './quoting.js';

const invalidBody = (problems: FieldProblem[]) =>
  new BatchError('invalid_body', 'The body is not of the form {"events":[…]}.', problems);

const eventsOf = (body: unknown): unknown[] => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const message = `the body must be an object {"events":[…]}, not ${nameType(body)}.`;
    throw invalidBody([{ path: '', code: 'invalid_type', message }]);
  }
  const problems: FieldProblem[] = Object.keys(body)
    .filter((key) => key !== 'events')
    .slice(0, MAX_PROBLEMS_PER_EVENT)
    .map((key) => {
      const path = formatPath([key]);
      return { path, code: 'unknown_field', message: `${path} is no field of the body: remove it.` };
    });
  const events: unknown = Object.hasOwn(body, 'events') ? (body as { events: unknown }).events : undefined;
  if (events === undefined) {
    problems.push({
      path: 'events',
      code: 'required',
      message: 'events is missing: send an array of events.',
    });
  } else if (!Array.isArray(events)) {
    const message = `events must be an array, not ${nameType(events)}.`;
    problems.push({ path: 'events', code: 'invalid_type', message });
  }
  if (!Array.isArray(events) || problems.length > 0) throw invalidBody(problems);
  return events;
};

/**
 * Parses and validates `{"events":[…]}` as UTF-8 JSON (a byte order mark is passed over).
 * Throws BatchError when the body as a whole is wrong; what is wrong with single events is listed.
 */
export const parseJsonBatch = (body: Uint8Array, o: ParseOptions): ParsedBatch => {
  const text = textOf(body);
  const json = readJson(text);
  if (!json.ok) throw new BatchError('invalid_json', `The body is not valid JSON: ${json.where}.`);
  const events = eventsOf(json.value);
  if (events.length === 0) throw emptyBatch();
  if (events.length > o.limits.maxEventsPerRequest) throw tooManyEvents(o.limits);

  const changed = mayHoldChangedNumber(text)
    ? changedNumbers(text, { within: [], maxPropertiesDepth: o.limits.maxPropertiesDepth })
    : undefined;
  const validate = eventValidator(o.limits);
  const batch: ParsedBatch = { total: events.length, accepted: [], problems: [] };
  events.forEach((input, index) => {
    const result = validate(input, o.nowMs, changed?.get(index));
    if (result.ok) batch.accepted.push({ index, event: result.event });
    else addProblems(batch, locateProblems(input, result.problems, { index }));
  });
  return batch;
};
