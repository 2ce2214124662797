export { checkScope, parseApiKeys, type ApiKeys } from './api-keys.js';
export { clientAddress } from './client-address.js';
export {
  checkStrictDurability,
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
export type { HealthCheck } from './health.js';
export { createLogger, describeError, type Logger } from './logger.js';
export { createMetrics, type Metrics } from './metrics.js';
export { HttpProblem } from './problem.js';
export { listRoutes } from './routes.js';
export { configOrExit, exitWithLine, runService } from './run-service.js';
export { createServiceApp } from './service-app.js';
export { VERSION } from './version.js';
