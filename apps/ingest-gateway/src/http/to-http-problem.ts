import { BatchError } from '@event-analytics/event-schema';
import { StreamUnavailableError } from '@event-analytics/nats-client';
import { HttpProblem } from '@event-analytics/service-kit';
import { InvalidEventsError } from '../ingest/errors.js';
import { BodyError } from './read-body.js';

/** When a client may try again after a 503: the stream's trouble or a burst is seldom over sooner. */
const RETRY_AFTER_SECONDS = 1;

/** What an error of this service means in HTTP; everything unknown passes through and becomes a 500. */
export function toHttpProblem(error: unknown): unknown {
  if (error instanceof InvalidEventsError)
    return HttpProblem.unprocessable(error.message, error.problems, 'invalid_events');
  if (error instanceof BatchError) return batchProblem(error);
  if (error instanceof BodyError) return bodyProblem(error);
  if (error instanceof StreamUnavailableError) {
    return HttpProblem.unavailable(
      'The events could not be stored for sure. Send them again with the same ids: that is safe.',
      RETRY_AFTER_SECONDS,
      { code: 'stream_unavailable', cause: error },
    );
  }
  return error;
}

function batchProblem(error: BatchError): HttpProblem {
  switch (error.code) {
    case 'invalid_json':
    case 'invalid_utf8':
      return HttpProblem.badRequest(error.message, { code: error.code });
    case 'too_many_events':
      return HttpProblem.payloadTooLarge(error.message, error.code);
    case 'empty_batch':
    case 'invalid_body':
      return HttpProblem.unprocessable(error.message, error.problems, error.code);
  }
}

function bodyProblem(error: BodyError): HttpProblem {
  switch (error.code) {
    case 'too_large':
      return HttpProblem.payloadTooLarge(error.message, 'body_too_large');
    case 'no_room':
      return HttpProblem.unavailable(error.message, RETRY_AFTER_SECONDS, { code: 'overloaded' });
    case 'corrupt_gzip':
      return HttpProblem.badRequest(error.message, { code: 'invalid_gzip' });
    case 'aborted':
      return HttpProblem.badRequest(error.message);
  }
}
