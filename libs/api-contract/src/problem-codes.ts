/**
 * Every kind of refusal with its HTTP status and title. Clients may switch on the codes: none is ever renamed.
 * `payload_too_large`, `unprocessable` and `unavailable` stand for what has no code of its own.
 */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'Bad request' },
  invalid_json: { status: 400, title: 'Body is not valid JSON' },
  invalid_utf8: { status: 400, title: 'Body is not valid UTF-8' },
  invalid_gzip: { status: 400, title: 'Body is not valid gzip' },
  missing_api_key: { status: 401, title: 'API key missing' },
  invalid_api_key: { status: 401, title: 'API key unknown' },
  missing_scope: { status: 403, title: 'API key without this scope' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'Request too slow' },
  body_too_large: { status: 413, title: 'Body too large' },
  too_many_events: { status: 413, title: 'Too many events' },
  payload_too_large: { status: 413, title: 'Request too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  unsupported_encoding: { status: 415, title: 'Unsupported content encoding' },
  invalid_events: { status: 422, title: 'Invalid events' },
  empty_batch: { status: 422, title: 'No events' },
  invalid_body: { status: 422, title: 'Body of another form' },
  invalid_parameters: { status: 422, title: 'Invalid parameters' },
  unprocessable: { status: 422, title: 'Invalid content' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'Request headers too large' },
  internal: { status: 500, title: 'Internal error' },
  stream_unavailable: { status: 503, title: 'Stream unavailable' },
  overloaded: { status: 503, title: 'Overloaded' },
  database_unavailable: { status: 503, title: 'Database unavailable' },
  statement_timeout: { status: 503, title: 'Statistics took too long' },
  upstream_unavailable: { status: 503, title: 'Service unavailable' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

/** The codes of PROBLEMS, as a list. */
export const PROBLEM_CODES: readonly ProblemCode[] = Object.freeze(
  Object.keys(PROBLEMS).filter(isProblemCode),
);
