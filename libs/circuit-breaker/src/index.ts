export { BREAKER_STATE_NUMBERS, createProbedBreaker, type BreakerState } from './probed-breaker.js';
