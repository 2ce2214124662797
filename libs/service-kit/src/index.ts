export { API_SCOPES, checkScope, parseApiKeys, type ApiKeys, type ApiScope } from './api-keys.js';
export { clientAddress } from './client-address.js';
export {
  checkStrictDurability,
  commaList,
  commonConfig,
  ConfigError,
  databaseConfig,
  eventTimeConfig,
  flag,
  loadConfig,
  rawDataConfig,
  reportingConfig,
  streamConfig,
  streamName,
  subjectName,
  wholeNumber,
} from './config.js';
export {
  expressRoute,
  queryOf,
  sendJson,
  serveEarly,
  type EarlyRoute,
  type ServeEarly,
} from './early-route.js';
export type { DependencyHealth, HealthCheck, HealthReport } from './health.js';
export { createLogger, describeError, type LogContext, type Logger, type LogLevel } from './logger.js';
export { createMetrics, type Metrics } from './metrics.js';
export { HttpProblem, type ProblemDetail } from './problem.js';
export { listRoutes, type ServedRoute } from './routes.js';
export { configOrExit, exitWithLine, runService, type RunServiceOptions } from './run-service.js';
export { createServiceApp, type ServiceAppOptions } from './service-app.js';
export { VERSION } from './version.js';
