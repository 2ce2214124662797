export {
  DEFAULT_RANGE_DAYS,
  FIRST_DATE,
  LAST_DATE,
  MAX_RANGE_DAYS,
  resolveRange,
  type ResolvedRange,
} from './date-range.js';
export { eventsQuery, type EventsQuery } from './events-query.js';
export {
  PARAMETER_PROBLEM_CODES,
  type ParameterProblem,
  type ParameterProblemCode,
} from './parameter-problem.js';
export { parseQuery, type ParsedQuery } from './parse-query.js';
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
