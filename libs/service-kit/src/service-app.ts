import { buildOpenApiDocument } from '@event-analytics/api-contract';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { accounted, identified } from './answered.js';
import { mountDocs } from './docs.js';
import { earlyRequestId } from './early-route.js';
import { mountHealth, type HealthCheck } from './health.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { asProblem } from './as-problem.js';
import { HttpProblem } from './problem.js';
import { methodsAt } from './routes.js';
import { VERSION } from './version.js';

export interface ServiceAppOptions {
  service: string;
  version?: string;
  log: Logger;
  metrics: Metrics;
  healthChecks: readonly HealthCheck[];
  /** Express' `trust proxy`: how many proxies stand in front, or their addresses. */
  trustProxy?: number | string | boolean;
  /** The service's own routes. */
  mount: (app: Express) => void;
  /** Something beside the health checks without which the service wants no requests. */
  ready?: () => boolean;
  /** Milliseconds since 1970. */
  clock?: () => number;
  /** Answers GET /metrics; default: the service's own registry. */
  metricsText?: () => Promise<string>;
}

/**
 * An Express application with what every service has: request ids, api_requests_total, access log, the
 * service's routes, then /health, /metrics, /docs, /openapi.json, and one place where errors become
 * problem+json. It neither listens nor reads the environment.
 */
export function createServiceApp(o: ServiceAppOptions): Express {
  const { version = VERSION, clock = Date.now, ready = () => true } = o;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', o.trustProxy ?? 0);
  // ?a=1&a=2 is an array, and nothing nests: brackets are just characters of a name.
  app.set('query parser', 'simple');

  app.use(identifyAndAccount(o));
  // First: each route before another one costs every request of that one.
  o.mount(app);
  mountHealth(app, {
    service: o.service,
    version,
    log: o.log,
    checks: o.healthChecks,
    // Said by runService when a signal has come.
    ready: () => app.locals['stopping'] !== true && ready(),
    clock,
  });
  app.get('/metrics', async (_request, response) => {
    const text = await (o.metricsText ?? (() => o.metrics.registry.metrics()))();
    response.set('Content-Type', o.metrics.registry.contentType).send(text);
  });
  mountDocs(app, { openApiDocument: () => buildOpenApiDocument({ version }) });

  app.use(nothingThere(app));
  app.use(problemAnswer(o.log));
  return app;
}

function identifyAndAccount({ log, metrics }: ServiceAppOptions): RequestHandler {
  return (request, response, next) => {
    const early = earlyRequestId(request);
    const requestId = early ?? identified(request, response);
    response.locals['requestId'] = requestId;
    if (early === undefined) {
      const { method } = request;
      accounted(response, { requestId, method, endpoint: () => endpointOf(request), log, metrics });
    }
    next();
  };
}

/** A bounded name: the route's pattern, or that there was none. */
function endpointOf(request: express.Request): string {
  const route = request.route as { path?: unknown } | undefined;
  if (typeof route?.path === 'string') return route.path;
  return request.originalUrl.startsWith('/docs/') ? '/docs' : 'unmatched';
}

function nothingThere(app: Express): RequestHandler {
  return (request) => {
    const allowed = methodsAt(app, request.path);
    if (allowed.length > 0) throw HttpProblem.methodNotAllowed(request.method, allowed);
    // Throws where it is no valid percent-encoding.
    decodeURIComponent(request.path);
    throw HttpProblem.notFound(request.path);
  };
}

/** The last step: the only place where an error becomes an answer. */
function problemAnswer(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, _request, response, _next) => {
    const requestId = response.locals['requestId'] as string;
    const problem = asProblem(error);
    if (problem.status >= 500) {
      const level = problem.status === 500 ? 'error' : 'warn';
      log[level]('request_failed', {
        request_id: requestId,
        code: problem.code,
        error: problem.cause ?? problem,
      });
    }
    if (response.headersSent) {
      // The answer has begun and can't be taken back: cut off, so that nobody takes it for whole.
      response.destroy();
      return;
    }
    response
      .status(problem.status)
      .set(problem.headers)
      .set('Cache-Control', 'no-store')
      .type('application/problem+json')
      .send(JSON.stringify(problem.body(requestId)));
  };
}
