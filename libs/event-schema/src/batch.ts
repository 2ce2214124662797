import type { AcceptedEvent } from './accepted-event.js';
import { decodeUtf8, readJson } from './body-text.js';
import { eventValidator, locateProblems } from './event-validator.js';
import { MAX_DETAILED_PROBLEMS_PER_BATCH, type EventLimits } from './limits.js';
import { changedNumbers, mayHoldChangedNumber } from './number-precision.js';
import { BatchError, type EventProblem, type FieldProblem } from './problems.js';
import { formatPath, nameType } from './quoting.js';

export interface ParseOptions {
  /** The same object each time: its validator is made once. */
  limits: EventLimits;
  /** Milliseconds since 1970: what `maxFutureMs` is measured from. */
  nowMs: number;
}

/** A body whose every event was looked at; accepted events and events with problems make up `total`. */
export interface ParsedBatch {
  total: number;
  accepted: { index: number; event: AcceptedEvent }[];
  problems: EventProblem[];
}

const textOf = (body: Uint8Array): string => {
  const text = decodeUtf8(body);
  if (text === undefined) throw new BatchError('invalid_utf8', 'The body is not valid UTF-8: send UTF-8.');
  return text;
};

const emptyBatch = () => new BatchError('empty_batch', 'The batch holds no events: send at least one.');

const tooManyEvents = (limits: EventLimits) =>
  new BatchError(
    'too_many_events',
    `The batch holds more than ${limits.maxEventsPerRequest} events: send several smaller ones.`,
  );

const invalidBody = (problems: FieldProblem[]) =>
  new BatchError('invalid_body', 'The body is not of the form {"events":[…]}.', problems);

const eventsOf = (body: unknown): unknown[] => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const message = `the body must be an object {"events":[…]}, not ${nameType(body)}.`;
    throw invalidBody([{ path: '', code: 'invalid_type', message }]);
  }
  const problems: FieldProblem[] = Object.keys(body)
    .filter((key) => key !== 'events')
    .slice(0, 10)
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

/** Every bad event is listed; how much is said of each is bounded, so an answer is never far larger than its request. */
const addProblems = (batch: ParsedBatch, problems: readonly EventProblem[]): void => {
  const isDetailed = batch.problems.length < MAX_DETAILED_PROBLEMS_PER_BATCH;
  batch.problems.push(...(isDetailed ? problems : problems.slice(0, 1)));
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

const JSON_BLANK = /^[ \t\r]*$/;

/** The lines that are not blank, with their numbers from 1; at most one more than `max`. */
const nonBlankLines = (text: string, max: number): { line: number; text: string }[] => {
  const lines: { line: number; text: string }[] = [];
  let line = 0;
  for (let start = 0; start < text.length && lines.length <= max;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    line += 1;
    const content = text.slice(start, end);
    if (!JSON_BLANK.test(content)) lines.push({ line, text: content });
    start = end + 1;
  }
  return lines;
};

/**
 * Parses and validates one JSON event a line (LF or CRLF; blank lines are passed over and have no
 * index). A line that is not JSON is a problem of that line. Throws BatchError as parseJsonBatch does.
 */
export const parseNdjsonBatch = (body: Uint8Array, o: ParseOptions): ParsedBatch => {
  const text = textOf(body);
  const lines = nonBlankLines(text, o.limits.maxEventsPerRequest);
  if (lines.length === 0) throw emptyBatch();
  if (lines.length > o.limits.maxEventsPerRequest) throw tooManyEvents(o.limits);

  const { maxPropertiesDepth } = o.limits;
  const anyChanged = mayHoldChangedNumber(text);
  const validate = eventValidator(o.limits);
  const batch: ParsedBatch = { total: lines.length, accepted: [], problems: [] };
  lines.forEach(({ line, text: lineText }, index) => {
    const json = readJson(lineText);
    if (!json.ok) {
      const message = `line ${line} is not valid JSON: ${json.where}.`;
      batch.problems.push({ index, event_id: null, path: '', code: 'invalid_json', message, line });
      return;
    }
    const changed = anyChanged
      ? changedNumbers(lineText, { within: ['events', index], maxPropertiesDepth }).get(index)
      : undefined;
    const result = validate(json.value, o.nowMs, changed);
    if (result.ok) batch.accepted.push({ index, event: result.event });
    else addProblems(batch, locateProblems(json.value, result.problems, { index, line }));
  });
  return batch;
};
