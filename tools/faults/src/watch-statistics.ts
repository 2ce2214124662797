import { setTimeout as sleep } from 'node:timers/promises';
import { createLedger, type Answer, type Ledger } from './ledger.js';

export interface StatisticsWatch {
  /** What was asked and answered; nothing is sent. */
  ledger: Ledger;
  /** Ends it once the question under way is answered. */
  stop(): Promise<Ledger>;
}

// Longer than the service's own deadline.
const ASK_TIMEOUT_MS_DEFAULT = 60_000;
const PATH = '/stats/dau?from=2024-05-01&to=2024-05-31';

/** Asks stats-api the same, one question after the other. */
export function watchStatistics(
  statsUrl: string,
  { pauseMs = 50, askTimeoutMs = ASK_TIMEOUT_MS_DEFAULT }: { pauseMs?: number; askTimeoutMs?: number } = {},
): StatisticsWatch {
  const ledger = createLedger();
  let stopped = false;

  async function watch(): Promise<void> {
    while (!stopped) {
      const startedMs = performance.now();
      const answer = await ask(`${statsUrl}${PATH}`, askTimeoutMs);
      ledger.requests.push({ startedMs, durationMs: performance.now() - startedMs, answer });
      await sleep(pauseMs);
    }
  }
  const watching = watch();

  return {
    ledger,
    async stop() {
      stopped = true;
      await watching;
      return ledger;
    },
  };
}

async function ask(url: string, timeoutMs: number): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 'no answer';
  }
}
