import { eventsQuery, parseQuery } from '@event-analytics/api-contract';
import { HttpProblem } from '@event-analytics/service-kit';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { IngestEvents } from '../ingest/ingest-events.js';
import type { InFlightBytes } from './in-flight-bytes.js';
import { lingerThenClose } from './linger.js';
import { bodyFormat } from './media-type.js';
import { createReservation, readBody } from './read-body.js';
import { toHttpProblem } from './to-http-problem.js';

/** POST /events: reads the body within its bounds, hands it to the use case, answers 202. */
export function eventsRoute(o: {
  ingestEvents: IngestEvents;
  inFlight: InFlightBytes;
  maxBodyBytes: number;
}): RequestHandler {
  return async (request, response) => {
    const media = bodyFormat(request.headers);
    if ('unsupported' in media) throw HttpProblem.unsupportedMediaType(media.unsupported);
    const query = parseQuery(eventsQuery, request.query);
    if (!query.ok) throw HttpProblem.unprocessable('The query is invalid.', query.errors);
    const { partial } = query.value;

    const requestId = response.locals['requestId'] as string;
    const reservation = createReservation(o.inFlight);
    try {
      const body = await readBody(request, { gzip: media.gzip, maxBytes: o.maxBodyBytes, reservation });
      const result = await o.ingestEvents({ body, format: media.format, partial, requestId });
      response.status(202).json({ ...result, request_id: requestId });
    } finally {
      // Not when the response closes: a client that left early closed it before anything was reserved.
      reservation.release();
    }
  };
}

/** Stands behind the route: gives this service's errors their HTTP form for the common error handler. */
export const eventsErrors: ErrorRequestHandler = (error, request, response, next) => {
  if (!response.headersSent) lingerThenClose(request, response);
  next(toHttpProblem(error));
};
