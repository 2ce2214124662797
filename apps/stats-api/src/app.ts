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
  requireScope,
  type ApiKeys,
  type HealthCheck,
  type Logger,
  type Metrics,
} from '@event-analytics/service-kit';
import type { Statistics } from '@event-analytics/timescale';
import type { ErrorRequestHandler, Express } from 'express';

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

export function createStatsApp(options: StatsAppOptions): Express {
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

  return createServiceApp({
    service: 'stats-api',
    log: options.log,
    metrics: options.metrics,
    healthChecks: options.healthChecks,
    trustProxy: options.trustProxy,
    clock,
    ...(options.ready ? { ready: options.ready } : {}),
    mount: (app) => {
      const allowed = requireScope(apiKeys, 'stats');
      app.get(
        '/stats/dau',
        allowed,
        statsRoute(dauQuery, (query) => dailyActiveUsers(context, query)),
      );
      app.get(
        '/stats/active-users',
        allowed,
        statsRoute(activeUsersQuery, (query) => activeUsers(context, query)),
      );
      app.get(
        '/stats/top-events',
        allowed,
        statsRoute(topEventsQuery, (query) => topEvents(context, query)),
      );
      app.get(
        '/stats/retention',
        allowed,
        statsRoute(retentionQuery, (query) => retention(context, query)),
      );
      app.get(
        '/stats/stickiness',
        allowed,
        statsRoute(stickinessQuery, (query) => stickiness(context, query)),
      );
      app.get(
        '/stats/funnel',
        allowed,
        statsRoute(funnelQuery, (query) => funnel(context, query)),
      );
      app.get(
        '/stats/event-counts',
        allowed,
        statsRoute(eventCountsQuery, (query) => eventCounts(context, query)),
      );
      app.use(asProblems);
    },
  });
}

// Express knows an error handler by its four parameters.
const asProblems: ErrorRequestHandler = (error: unknown, _request, _response, next) => {
  next(toProblem(error));
};
