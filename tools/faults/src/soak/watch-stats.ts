import { answersOf, endedMs, type Answer, type Request } from '../ledger.js';
import { watchStatistics } from '../watch-statistics.js';
import type { Fault } from './plan-faults.js';

export interface StatsWatch {
  /** Between the two, and for a moment after, an answer other than 200 is to be expected. */
  faultBegins(fault: Fault): void;
  faultEnds(fault: Fault): void;
  stop(): Promise<{ answers: Map<Answer, number>; unexpected: number }>;
}

interface Span {
  fromMs: number;
  toMs: number;
}

const ASK_EVERY_MS = 250;
const ASK_TIMEOUT_MS = 10_000;
/** A PostgreSQL that was killed reads its log again; connections are made anew. */
const GRACE_MS = 10_000;

/** Asks for statistics all the time: they answer from what they have, unless it is they or PostgreSQL that are hit. */
export function watchStats(statsUrl: string): StatsWatch {
  const watch = watchStatistics(statsUrl, { pauseMs: ASK_EVERY_MS, askTimeoutMs: ASK_TIMEOUT_MS });
  const excused = new Map<Fault, Span>();

  const concerns = (fault: Fault): boolean =>
    ('component' in fault && (fault.component === 'stats-api' || fault.component === 'PostgreSQL')) ||
    ('link' in fault && fault.link === 'statsToPostgres');
  const isExcused = (atMs: number): boolean =>
    [...excused.values()].some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  const isUnexpected = (request: Request): boolean =>
    request.answer !== 200 && !isExcused(request.startedMs) && !isExcused(endedMs(request));

  return {
    faultBegins(fault) {
      if (concerns(fault)) excused.set(fault, { fromMs: performance.now(), toMs: Infinity });
    },
    faultEnds(fault) {
      const span = excused.get(fault);
      if (span) span.toMs = performance.now() + GRACE_MS;
    },
    async stop() {
      const ledger = await watch.stop();
      return { answers: answersOf(ledger), unexpected: ledger.requests.filter(isUnexpected).length };
    },
  };
}
