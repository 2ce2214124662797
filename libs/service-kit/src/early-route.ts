import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { parse as parseQueryString, type ParsedUrlQuery } from 'node:querystring';
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

/** A route that needs nothing of Express. */
export interface EarlyRoute {
  method: string;
  path: string;
  serve: ServeEarly;
}

/**
 * Serves requests of some routes before Express, which costs a small request more than all the rest, and whose requests
 * outlive the young generation: see ADR 16. The answer has the same headers, log line and count as any other. What
 * `serve` rejects with goes through the application's own route, `expressRoute`: an error becomes an answer in one
 * place only. Whatever is spelt otherwise (`/Events/`, another method) is Express' from the start.
 */
export function serveEarly(
  app: Express,
  o: { routes: readonly EarlyRoute[]; log: Logger; metrics: Metrics },
): RequestListener {
  const { log, metrics } = o;
  const routes = new Map(o.routes.map((route) => [`${route.method} ${route.path}`, route]));
  return (request, response) => {
    const { method = '', url = '' } = request;
    const queryAt = url.indexOf('?');
    const route = routes.get(`${method} ${queryAt === -1 ? url : url.slice(0, queryAt)}`);
    if (route === undefined) {
      app(request, response);
      return;
    }
    const requestId = identified(request, response);
    accounted(response, { requestId, method, endpoint: () => route.path, log, metrics });
    route.serve(request, response, requestId).catch((error: unknown) => {
      failures.set(request, { requestId, error });
      app(request, response);
    });
  };
}

/** The id of a request whose early answer failed: it has its headers and is accounted for. */
export const earlyRequestId = (request: IncomingMessage): string | undefined =>
  failures.get(request)?.requestId;

/**
 * What the application mounts at an early route: takes what is not spelt as `serveEarly` wants it, and throws what the
 * early answer of a request failed with.
 */
export const expressRoute =
  (serve: ServeEarly): RequestHandler =>
  (request, response) => {
    const failure = failures.get(request);
    if (failure) throw failure.error;
    return serve(request, response, response.locals['requestId'] as string);
  };

/** The query of a request that Express hasn't seen, as it would read it: texts, and arrays where a name is repeated. */
export function queryOf({ url = '' }: IncomingMessage): ParsedUrlQuery {
  const queryAt = url.indexOf('?');
  return parseQueryString(queryAt === -1 ? '' : url.slice(queryAt + 1));
}

/** Ends an answer with a body of JSON. */
export function sendJson(response: ServerResponse, body: object): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
