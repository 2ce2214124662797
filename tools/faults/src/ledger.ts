import type { SentEvent } from './event-of.js';

/** What came of one request: a status, or nothing that could be read. */
export type Answer = number | 'no answer';

export interface Request {
  /** On the clock of this process, milliseconds. */
  startedMs: number;
  durationMs: number;
  answer: Answer;
}

/** What was sent and what was promised, to be held against the database afterwards. */
export interface Ledger {
  /** Each event's instant, in milliseconds since 1970, by its id: it never varies. */
  sent: Map<string, number>;
  /** Ids that were answered 202, once at least. */
  acknowledged: Set<string>;
  requests: Request[];
}

export function createLedger(): Ledger {
  return { sent: new Map(), acknowledged: new Set(), requests: [] };
}

export function noteSent(
  ledger: Ledger,
  events: readonly Pick<SentEvent, 'event_id' | 'occurred_at'>[],
): void {
  for (const e of events) ledger.sent.set(e.event_id, Date.parse(e.occurred_at));
}

export function noteAcknowledged(ledger: Ledger, events: readonly Pick<SentEvent, 'event_id'>[]): void {
  for (const e of events) ledger.acknowledged.add(e.event_id);
}

/** How often each answer was given, since a moment if one is named. */
export function answersOf(ledger: Ledger, sinceMs = 0): Map<Answer, number> {
  const counts = new Map<Answer, number>();
  for (const { answer, startedMs } of ledger.requests) {
    if (startedMs >= sinceMs) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return counts;
}

/** Those that were begun and answered between two moments. */
export function requestsWithin(ledger: Ledger, fromMs: number, toMs: number): Request[] {
  return ledger.requests.filter((r) => r.startedMs >= fromMs && endedMs(r) <= toMs);
}

/** Those that were begun between two moments, whenever they were answered. */
export function requestsBegun(ledger: Ledger, fromMs: number, toMs: number): Request[] {
  return ledger.requests.filter((r) => r.startedMs >= fromMs && r.startedMs < toMs);
}

/** When the first 202 after a moment was given; undefined: not yet. */
export function takenAgainMs(ledger: Ledger, sinceMs: number): number | undefined {
  const ends = ledger.requests.filter((r) => r.answer === 202 && endedMs(r) >= sinceMs).map(endedMs);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/** When its answer was there, on the same clock. */
export const endedMs = (request: Request): number => request.startedMs + request.durationMs;

/** The q-quantile (0.99: the 99th percentile) of some durations; NaN of none. */
export function quantile(durationsMs: readonly number[], q: number): number {
  const sorted = [...durationsMs].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
