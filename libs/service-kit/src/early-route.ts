import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Express, RequestHandler } from 'express';
import { accounted, identified } from './answered.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/** Answers a request of its own, or rejects with what the application then makes a problem of. */
export type ServeEarly = (
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
) => Promise<void>;

/** Requests whose early answer failed, on their way through the application. */
const failures = new WeakMap<IncomingMessage, { requestId: string; error: unknown }>();

/**
 * Serves the requests of one route before Express, which costs a small request more than all the rest. The answer
 * has the same headers, log line and count as any other. What `serve` rejects with goes through the application's
 * own route, whose first handler is `failEarly`: an error becomes an answer in one place only. Whatever is spelt
 * otherwise (`/Events/`, another method) is Express' from the start.
 */
export function serveEarly(
  app: Express,
  o: { method: string; path: string; log: Logger; metrics: Metrics; serve: ServeEarly },
): RequestListener {
  const { method, path, log, metrics } = o;
  const withQuery = `${path}?`;
  const endpoint = () => path;
  return (request, response) => {
    const url = request.url ?? '';
    if (request.method !== method || (url !== path && !url.startsWith(withQuery))) {
      app(request, response);
      return;
    }
    const requestId = identified(request, response);
    accounted(response, { requestId, method, endpoint, log, metrics });
    o.serve(request, response, requestId).catch((error: unknown) => {
      failures.set(request, { requestId, error });
      app(request, response);
    });
  };
}

/** The id of a request whose early answer failed: it has its headers and is accounted for. */
export const earlyRequestId = (request: IncomingMessage): string | undefined =>
  failures.get(request)?.requestId;

/** Throws what the early answer of this request failed with, if it did. */
export const failEarly: RequestHandler = (request, _response, next) => {
  const failure = failures.get(request);
  if (failure) throw failure.error;
  next();
};
