import type { AcceptedEvent } from './accepted-event.js';
import { decodeUtf8 } from './body-text.js';
import { MAX_DETAILED_PROBLEMS_PER_BATCH, type EventLimits } from './limits.js';
import { BatchError, type EventProblem } from './problems.js';

export interface ParseOptions {
  /** The same object each time: its validator is made once. */
  limits: EventLimits;
  /** Milliseconds since 1970: what `maxAgeMs` and `maxFutureMs` are measured from. */
  nowMs: number;
}

/** A body whose every event was looked at; accepted events and events with problems make up `total`. */
export interface ParsedBatch {
  total: number;
  accepted: { index: number; event: AcceptedEvent }[];
  problems: EventProblem[];
}

/** The text of a body; throws BatchError when it is none. */
export const textOf = (body: Uint8Array): string => {
  const text = decodeUtf8(body);
  if (text === undefined) throw new BatchError('invalid_utf8', 'The body is not valid UTF-8: send UTF-8.');
  return text;
};

export const emptyBatch = () =>
  new BatchError('empty_batch', 'The batch holds no events: send at least one.');

export const tooManyEvents = (limits: EventLimits) =>
  new BatchError(
    'too_many_events',
    `The batch holds more than ${limits.maxEventsPerRequest} events: send several smaller ones.`,
  );

/** Every bad event is listed; how much is said of each is bounded, so an answer is never far larger than its request. */
export const addProblems = (batch: ParsedBatch, problems: readonly EventProblem[]): void => {
  const isDetailed = batch.problems.length < MAX_DETAILED_PROBLEMS_PER_BATCH;
  batch.problems.push(...(isDetailed ? problems : problems.slice(0, 1)));
};
