export {
  DEFAULT_RANGE_DAYS,
  FIRST_DATE,
  LAST_DATE,
  MAX_HOURLY_RANGE_DAYS,
  MAX_RANGE_DAYS,
  resolveRange,
  type ResolvedRange,
} from './date-range.js';
export {
  eventsRequestSchema,
  eventsResponseSchema,
  type EventsRequest,
  type EventsResponse,
} from './events-contract.js';
export { eventsQuery, type EventsQuery } from './events-query.js';
export {
  healthResponseSchema,
  healthStatusSchema,
  type HealthResponse,
  type HealthStatus,
} from './health-responses.js';
export { buildOpenApiDocument } from './openapi/build-openapi-document.js';
export type { OpenApiDocument } from './openapi/openapi-document.js';
export {
  PARAMETER_PROBLEM_CODES,
  rawDataDropped,
  type ParameterProblem,
  type ParameterProblemCode,
} from './parameter-problem.js';
export { parseQuery, type ParsedQuery } from './parse-query.js';
export { problemBodySchema, type ProblemBody } from './problem-body.js';
export { PROBLEM_CODES, PROBLEMS, type ProblemCode } from './problem-codes.js';
export { ROUTES, type Route } from './routes.js';
export {
  activeUsersQuery,
  dauQuery,
  DEFAULT_SERIES,
  DEFAULT_TOP_EVENTS,
  eventCountsQuery,
  funnelQuery,
  MAX_FUNNEL_STEPS,
  MAX_SERIES,
  MAX_TOP_EVENTS,
  MAX_WINDOWS,
  maxSeriesDays,
  MIN_FUNNEL_STEPS,
  retentionQuery,
  stickinessQuery,
  topEventsQuery,
  type ActiveUsersQuery,
  type DauQuery,
  type EventCountsQuery,
  type FunnelQuery,
  type RetentionQuery,
  type StickinessQuery,
  type TopEventsQuery,
} from './stats-queries.js';
export {
  activeUsersResponseSchema,
  dauResponseSchema,
  eventCountsResponseSchema,
  funnelResponseSchema,
  retentionResponseSchema,
  stickinessResponseSchema,
  topEventsResponseSchema,
  type ActiveUsersResponse,
  type DauResponse,
  type EventCountsResponse,
  type FunnelResponse,
  type RetentionResponse,
  type StickinessResponse,
  type TopEventsResponse,
} from './stats-responses.js';
