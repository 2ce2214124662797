import {
  activeUsersQuery,
  dauQuery,
  eventCountsQuery,
  funnelQuery,
  retentionQuery,
  stickinessQuery,
  topEventsQuery,
} from '@event-analytics/api-contract';
import {
  createServiceApp,
  expressRoute,
  serveEarly,
  type ApiKeys,
  type HealthCheck,
  type Logger,
  type Metrics,
} from '@event-analytics/service-kit';
import type { Statistics } from '@event-analytics/timescale';
import type { ErrorRequestHandler, Express } from 'express';
import type { RequestListener } from 'node:http';

import { boundedQueries } from './bounded-queries.js';
import type { DatabaseBreaker } from './database-breaker.js';
import { statsRoute } from './http/stats-route.js';
import { toProblem } from './http/to-problem.js';
import { breakerMetrics, cacheMetrics, timedQueries } from './metrics.js';
import { namingDroppedData } from './raw-data-dropped.js';
import { activeUsers } from './use-cases/active-users.js';
import { dailyActiveUsers } from './use-cases/daily-active-users.js';
import { eventCounts } from './use-cases/event-counts.js';
import { funnel } from './use-cases/funnel.js';
import { retention } from './use-cases/retention.js';
import type { StatsContext } from './use-cases/stats-context.js';
import { stickiness } from './use-cases/stickiness.js';
import { topEvents } from './use-cases/top-events.js';

export interface StatsAppOptions {
  statistics: Statistics;
  breaker: DatabaseBreaker;
  healthChecks: HealthCheck[];
  log: Logger;
  metrics: Metrics;
  clock: () => number;
  apiKeys: ApiKeys;
  trustProxy: number | string;
  /** Those that are to be indexed. The first is the default of `timezone`. */
  zones: readonly [string, ...string[]];
  /** Statistics under way at once, those included that wait for a connection. */
  queriesMax: number;
  /** False once the service is stopping. */
  ready?: () => boolean;
}

export interface StatsApp {
  app: Express;
  /** Serves the statistics, and hands everything else to the application. */
  listener: RequestListener;
}

export function createStatsApp(options: StatsAppOptions): StatsApp {
  const { apiKeys, breaker, clock, statistics, zones } = options;
  const bounded = boundedQueries(options.queriesMax);
  const measured = timedQueries(options.metrics);
  const context: StatsContext = {
    statistics,
    clock,
    defaultZone: zones[0],
    timed: (query, work) =>
      namingDroppedData(query, zones, () => breaker.run(() => bounded(() => measured(query, work)))),
  };
  cacheMetrics(options.metrics, () => statistics.figures());
  breakerMetrics(options.metrics, () => breaker.state());

  const routes = [
    statsRoute(apiKeys, '/stats/dau', dauQuery, (query) => dailyActiveUsers(context, query)),
    statsRoute(apiKeys, '/stats/active-users', activeUsersQuery, (query) => activeUsers(context, query)),
    statsRoute(apiKeys, '/stats/top-events', topEventsQuery, (query) => topEvents(context, query)),
    statsRoute(apiKeys, '/stats/retention', retentionQuery, (query) => retention(context, query)),
    statsRoute(apiKeys, '/stats/stickiness', stickinessQuery, (query) => stickiness(context, query)),
    statsRoute(apiKeys, '/stats/funnel', funnelQuery, (query) => funnel(context, query)),
    statsRoute(apiKeys, '/stats/event-counts', eventCountsQuery, (query) => eventCounts(context, query)),
  ];
  const { log, metrics } = options;
  const app = createServiceApp({
    service: 'stats-api',
    log,
    metrics,
    healthChecks: options.healthChecks,
    trustProxy: options.trustProxy,
    clock,
    ...(options.ready ? { ready: options.ready } : {}),
    mount: (mounted) => {
      for (const { path, serve } of routes) mounted.get(path, expressRoute(serve));
      mounted.use(asProblems);
    },
  });
  return { app, listener: serveEarly(app, { routes, log, metrics }) };
}

// Express knows an error handler by its four parameters.
const asProblems: ErrorRequestHandler = (error: unknown, _request, _response, next) => {
  next(toProblem(error));
};
