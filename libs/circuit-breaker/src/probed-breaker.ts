import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** As metrics say it. */
export const BREAKER_STATE_NUMBERS: Readonly<Record<BreakerState, number>> = {
  closed: 0,
  half_open: 1,
  open: 2,
};

export interface ProbedBreaker {
  /** Runs the work; rejects at once with what `refusal` makes while the breaker isn't closed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Opens it for a failure that was seen elsewhere. */
  open(error: Error): void;
  /** Asks now whether the dependency is back, if the breaker is open. */
  probeNow(): void;
  state(): BreakerState;
  /** No more probes. */
  close(): void;
}

const FIRST_PROBE_MS = 25;

/**
 * A circuit breaker around a dependency that answers in time or is away.
 *
 * One failure opens it: whoever comes then is refused at once instead of waiting as long as the one before. It is
 * closed by a probe in the background; no client's request is ever the test.
 *
 * @param o.opens            whether an error means that the dependency is away. Any other is an answer, and a probe
 *                           that gets one closes the breaker
 * @param o.refusal          the error for what isn't tried
 * @param o.probe            a cheap question, with a deadline of its own
 * @param o.probeIntervalMs  between probes, at most; the first ones follow each other faster, so that a hiccup costs
 *                           little
 * @param o.onStateChange    told once when it opens and once when it closes, whatever is tried in between
 * @param o.onProbeFailure   called after each failed probe with how long the breaker has been open
 */
export function createProbedBreaker(o: {
  opens: (error: unknown) => boolean;
  refusal: () => Error;
  probe: () => Promise<unknown>;
  probeIntervalMs: number;
  onStateChange?: (state: Exclude<BreakerState, 'half_open'>) => void;
  onProbeFailure?: (openForMs: number) => void;
}): ProbedBreaker {
  const policy = circuitBreaker(
    handleWhen(o.opens),
    // The probe's own timer decides when to try, so the policy is always ready to half-open.
    { halfOpenAfter: 0, breaker: new ConsecutiveBreaker(1) },
  );
  let openedAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let probing = false;
  let failedProbes = 0;
  let closed = false;

  policy.onStateChange((state) => {
    if (state === CircuitState.Open && openedAtMs === 0) {
      openedAtMs = performance.now();
      o.onStateChange?.('open');
    }
    if (state === CircuitState.Closed) {
      openedAtMs = failedProbes = 0;
      o.onStateChange?.('closed');
    }
    if (state === CircuitState.Open) schedule();
  });

  return {
    run(work) {
      if (policy.state !== CircuitState.Closed) return Promise.reject(o.refusal());
      return policy.execute(work);
    },
    open(error) {
      if (policy.state !== CircuitState.Closed) return;
      policy.execute(() => Promise.reject(error)).catch(() => undefined);
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
    const longestMs = Math.min(o.probeIntervalMs, FIRST_PROBE_MS * 2 ** Math.min(failedProbes, 16));
    // By lot, so that many processes don't ask in step.
    timer = setTimeout(probeNow, longestMs * (0.5 + Math.random() / 2));
    timer.unref();
  }

  function probeNow() {
    if (closed || probing || policy.state !== CircuitState.Open) return;
    clearTimeout(timer);
    probing = true;
    policy
      .execute(() => o.probe())
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
