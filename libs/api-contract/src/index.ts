export {
  DEFAULT_RANGE_DAYS,
  FIRST_DATE,
  LAST_DATE,
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
  DEFAULT_TOP_EVENTS,
  MAX_TOP_EVENTS,
  MAX_WINDOWS,
  retentionQuery,
  topEventsQuery,
  type ActiveUsersQuery,
  type DauQuery,
  type RetentionQuery,
  type TopEventsQuery,
} from './stats-queries.js';
export {
  activeUsersResponseSchema,
  dauResponseSchema,
  retentionResponseSchema,
  topEventsResponseSchema,
  type ActiveUsersResponse,
  type DauResponse,
  type RetentionResponse,
  type TopEventsResponse,
} from './stats-responses.js';
