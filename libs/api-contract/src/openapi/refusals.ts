import type { Response } from './openapi-document.js';
import { problemResponse } from './responses.js';

/** Refusals that are alike in every operation that may ask for a key. */
export function keyRefusals(scope: 'ingest' | 'stats'): Record<'401' | '403', Response> {
  return {
    401: problemResponse('Keys are on, and none or an unknown one was sent.', {
      problems: [
        { code: 'missing_api_key', detail: 'Send an API key: Authorization: Bearer KEY, or X-API-Key: KEY.' },
        { code: 'invalid_api_key', detail: 'This API key is not known here.' },
      ],
      headers: ['WWW-Authenticate'],
    }),
    403: problemResponse(`Keys are on, and this one does not have the scope \`${scope}\`.`, {
      problems: [{ code: 'missing_scope', detail: `This API key does not have the scope ${scope}.` }],
      headers: ['WWW-Authenticate'],
    }),
  };
}

/** Refusals of every operation. */
export function commonRefusals(): Record<'431' | '500' | 'default', Response> {
  return {
    431: problemResponse('The request headers are too large.', {
      problems: [{ code: 'headers_too_large', detail: 'The request headers are larger than 16 KiB.' }],
    }),
    500: problemResponse('A fault of ours, which is in the logs under this request id.', {
      problems: [{ code: 'internal', detail: 'Something went wrong on our side; it has been logged.' }],
    }),
    default: problemResponse(
      'Any other refusal: 404 for another path, 405 (with `Allow`) for another method, 408 for a request that does not arrive in time.',
      {
        problems: [
          { code: 'not_found', detail: 'There is nothing at /stats. See /docs.' },
          { code: 'method_not_allowed', detail: 'DELETE is not possible here, only GET, HEAD.' },
          { code: 'request_timeout', detail: 'The request did not arrive in time.' },
        ],
        headers: ['Allow'],
      },
    ),
  };
}
