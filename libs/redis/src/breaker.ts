import { createProbedBreaker, type BreakerState } from '@event-analytics/circuit-breaker';
import { withDeadline } from './deadline.js';
import { RedisUnavailableError, isReplyError } from './errors.js';

export interface RedisBreaker {
  /** Runs a command under the deadline; throws `RedisUnavailableError` at once while the breaker is open. */
  run<T>(command: () => Promise<T>): Promise<T>;
  /** Asks now whether Redis is back, if the breaker is open. */
  probeNow(): void;
  state(): BreakerState;
  close(): void;
}

/**
 * A deadline for every command and a circuit breaker around them.
 *
 * One unanswered command opens it: replies come in order, so a deadline missed means that nothing behind it
 * was answered either, and a request must not wait for Redis twice.
 *
 * @param o.timeoutMs        deadline of one command
 * @param o.probe            a cheap command, e.g. PING
 * @param o.probeIntervalMs  between probes while open, at most
 * @param o.maxInFlight      commands under way at once; one more is refused (`overloaded`)
 * @param o.onProbeFailure   called after each failed probe with how long the breaker has been open
 */
export function createRedisBreaker(o: {
  timeoutMs: number;
  probe: () => Promise<unknown>;
  probeIntervalMs: number;
  maxInFlight: number;
  onStateChange?: (state: BreakerState) => void;
  onProbeFailure?: (openForMs: number) => void;
}): RedisBreaker {
  const breaker = createProbedBreaker({
    ...o,
    opens: (error) => !isReplyError(error),
    refusal: () => new RedisUnavailableError('breaker_open', 'Redis does not answer; not asked again yet'),
    probe: () => withDeadline(o.probe(), o.timeoutMs),
  });
  let inFlight = 0;

  return {
    ...breaker,
    async run(command) {
      if (breaker.state() === 'closed' && inFlight >= o.maxInFlight) {
        throw new RedisUnavailableError('overloaded', `${inFlight} commands under way`);
      }
      inFlight += 1;
      try {
        return await breaker.run(() => withDeadline(command(), o.timeoutMs));
      } finally {
        inFlight -= 1;
      }
    },
  };
}
