export {
  BREAKER_STATE_NUMBERS,
  createProbedBreaker,
  type BreakerState,
  type ProbedBreaker,
} from './probed-breaker.js';
