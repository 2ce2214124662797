import type { IncomingMessage } from 'node:http';
import { eventsQuery, parseQuery } from '@event-analytics/api-contract';
import {
  checkScope,
  HttpProblem,
  queryOf,
  sendJson,
  type ApiKeys,
  type ServeEarly,
} from '@event-analytics/service-kit';
import type { ErrorRequestHandler } from 'express';
import type { IngestEvents } from '../ingest/ingest-events.js';
import { clientKey } from './client-key.js';
import type { InFlightBytes } from './in-flight-bytes.js';
import { lingerThenClose } from './linger.js';
import { bodyFormat } from './media-type.js';
import type { RateLimit } from './rate-limit.js';
import { createReservation, readBody } from './read-body.js';
import { toHttpProblem } from './to-http-problem.js';

/**
 * POST /events: key, limit, then the body within its bounds, which the use case takes; answers 202. It needs nothing
 * of Express: see serveEarly.
 */
export function serveEvents(o: {
  apiKeys: ApiKeys;
  rateLimit: RateLimit | undefined;
  clientAddress: (request: IncomingMessage) => string | undefined;
  ingestEvents: IngestEvents;
  inFlight: InFlightBytes;
  maxBodyBytes: number;
}): ServeEarly {
  return async (request, response, requestId) => {
    const apiKeyName = checkScope(o.apiKeys, 'ingest', request.headers);
    if (o.rateLimit) await o.rateLimit(clientKey(apiKeyName, o.clientAddress(request)), response);
    const media = bodyFormat(request.headers);
    if ('unsupported' in media) throw HttpProblem.unsupportedMediaType(media.unsupported);
    const partial = wantsPartial(request);

    const reservation = createReservation(o.inFlight);
    try {
      const body = await readBody(request, { gzip: media.gzip, maxBytes: o.maxBodyBytes, reservation });
      const result = await o.ingestEvents({ body, format: media.format, partial, requestId });
      response.statusCode = 202;
      sendJson(response, { ...result, request_id: requestId });
    } finally {
      // Not when the response closes: a client that left early closed it before anything was reserved.
      reservation.release();
    }
  };
}

function wantsPartial(request: IncomingMessage): boolean {
  if (!request.url?.includes('?')) return false;
  const query = parseQuery(eventsQuery, queryOf(request));
  if (!query.ok) throw HttpProblem.unprocessable('The query is invalid.', query.errors);
  return query.value.partial;
}

/** Stands behind the route: gives this service's errors their HTTP form for the common error handler. */
export const eventsErrors: ErrorRequestHandler = (error, request, response, next) => {
  if (!response.headersSent) lingerThenClose(request, response);
  next(toHttpProblem(error));
};
