export { createProbedBreaker, type BreakerState, type ProbedBreaker } from './probed-breaker.js';
