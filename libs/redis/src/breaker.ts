import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { withDeadline } from './deadline.js';
import { RedisUnavailableError, isReplyError } from './errors.js';

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface RedisBreaker {
  /** Runs a command under the deadline; throws `RedisUnavailableError` at once while the breaker is open. */
  run<T>(command: () => Promise<T>): Promise<T>;
  /** Asks now whether Redis is back, if the breaker is open. */
  probeNow(): void;
  state(): BreakerState;
  close(): void;
}

const FIRST_PROBE_MS = 25;

/**
 * A deadline for every command and a circuit breaker around them.
 *
 * One unanswered command opens it: replies come in order, so a deadline missed means that nothing behind it
 * was answered either, and a request must not wait for Redis twice. It is closed by a probe in the
 * background; no client's request is ever the test.
 *
 * @param o.timeoutMs        deadline of one command
 * @param o.probe            a cheap command, e.g. PING
 * @param o.probeIntervalMs  between probes while open, at most; the first ones follow each other faster, so that a
 *                           hiccup of a busy machine costs little
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
  const policy = circuitBreaker(
    handleWhen((error) => !isReplyError(error)),
    // The probe's own timer decides when to try, so the policy is always ready to half-open.
    { halfOpenAfter: 0, breaker: new ConsecutiveBreaker(1) },
  );
  let inFlight = 0;
  let openedAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let probing = false;
  let failedProbes = 0;
  let closed = false;

  policy.onStateChange((state) => {
    o.onStateChange?.(stateName(state));
    if (state === CircuitState.Open && openedAtMs === 0) openedAtMs = performance.now();
    if (state === CircuitState.Closed) openedAtMs = failedProbes = 0;
    if (state === CircuitState.Open) schedule();
  });

  return {
    async run(command) {
      if (policy.state !== CircuitState.Closed) {
        throw new RedisUnavailableError('breaker_open', 'Redis does not answer; not asked again yet');
      }
      if (inFlight >= o.maxInFlight) {
        throw new RedisUnavailableError('overloaded', `${inFlight} commands under way`);
      }
      inFlight += 1;
      try {
        return await policy.execute(() => withDeadline(command(), o.timeoutMs));
      } finally {
        inFlight -= 1;
      }
    },
    probeNow,
    state: () => stateName(policy.state),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };

  function schedule() {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(
      probeNow,
      Math.min(o.probeIntervalMs, FIRST_PROBE_MS * 2 ** Math.min(failedProbes, 16)),
    );
    timer.unref();
  }

  function probeNow() {
    if (closed || probing || policy.state !== CircuitState.Open) return;
    clearTimeout(timer);
    probing = true;
    policy
      .execute(() => withDeadline(o.probe(), o.timeoutMs))
      .catch(() => {
        failedProbes += 1;
        o.onProbeFailure?.(performance.now() - openedAtMs);
      })
      .finally(() => {
        probing = false;
        if (policy.state === CircuitState.Open) schedule();
      });
  }
}

function stateName(state: CircuitState): BreakerState {
  switch (state) {
    case CircuitState.Closed:
      return 'closed';
    case CircuitState.HalfOpen:
      return 'half_open';
    case CircuitState.Open:
    case CircuitState.Isolated:
      return 'open';
  }
}
