/** Every way in which an event can be wrong. Clients may switch on these: none is ever renamed. */
export const EVENT_PROBLEM_CODES = [
  'unknown_field',
  'required',
  'invalid_type',
  'invalid_uuid',
  'too_short',
  'too_long',
  'control_character',
  'nul_character',
  'lone_surrogate',
  'invalid_timestamp',
  'timestamp_in_future',
  'timestamp_too_old',
  'properties_too_large',
  'properties_too_deep',
  'number_precision',
  'invalid_json',
] as const;

export type EventProblemCode = (typeof EVENT_PROBLEM_CODES)[number];

/** What is wrong at one place of one event. */
export interface FieldProblem {
  /** `occurred_at`, `properties.a[0]`; empty for the event as a whole. At most 256 characters. */
  path: string;
  code: EventProblemCode;
  /** What, where, and what to do; quotes at most 64 characters of the value. */
  message: string;
}

export interface EventProblem extends FieldProblem {
  /** Position among the events sent, from 0. */
  index: number;
  /** As sent, if it is a UUID. */
  event_id: string | null;
  /** NDJSON only: the line, from 1. */
  line?: number;
}

export type BatchErrorCode =
  'invalid_json' | 'invalid_utf8' | 'empty_batch' | 'too_many_events' | 'invalid_body';

/** The body as a whole cannot be taken; its message is fit for the client. */
export class BatchError extends Error {
  override readonly name = 'BatchError';

  constructor(
    readonly code: BatchErrorCode,
    message: string,
    /** Where the body itself (not one of its events) is wrong; only with `invalid_body`. */
    readonly problems: readonly FieldProblem[] = [],
  ) {
    super(message);
  }
}

const codes: ReadonlySet<string> = new Set(EVENT_PROBLEM_CODES);

export const isEventProblemCode = (code: unknown): code is EventProblemCode =>
  typeof code === 'string' && codes.has(code);
