import type { ProblemCode } from '@event-analytics/api-contract';
import { HttpProblem } from './problem.js';

/** What Express' own middleware calls its refusals, and what is said to the client in our words. */
const REFUSALS: ReadonlyMap<string, { code: ProblemCode; detail: string }> = new Map([
  ['entity.parse.failed', { code: 'invalid_json', detail: 'The body is not valid JSON.' }],
  ['entity.too.large', { code: 'body_too_large', detail: 'The body is too large.' }],
  ['parameters.too.many', { code: 'payload_too_large', detail: 'The body has too many parameters.' }],
  ['charset.unsupported', { code: 'unsupported_media_type', detail: 'The charset must be UTF-8.' }],
  ['encoding.unsupported', { code: 'unsupported_encoding', detail: 'The content encoding is not known.' }],
  [
    'request.size.invalid',
    { code: 'bad_request', detail: 'The body is not as long as Content-Length says.' },
  ],
  ['request.aborted', { code: 'bad_request', detail: 'The request broke off.' }],
]);

/** What any error is to a client: what is not meant for one is an internal error, without its words. */
export function asProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  // Express refuses a path like this itself.
  if (error instanceof URIError) {
    return HttpProblem.badRequest('The path is not valid percent-encoding.', { cause: error });
  }
  const type = typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : '';
  const refusal = REFUSALS.get(type);
  return refusal === undefined
    ? HttpProblem.internal(error)
    : new HttpProblem(refusal.code, refusal.detail, { cause: error });
}
