import { resolveRange, type ParameterProblem } from '@event-analytics/api-contract';
import type { Database } from '@event-analytics/timescale';

/** What every statistic needs beside its query. */
export interface StatsContext {
  db: Database;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Where a query names no time zone. */
  defaultZone: string;
  statementTimeoutMs: number;
  /** Runs a query of the database, and records how long it took. */
  timed: <T>(query: StatsQueryName, work: () => Promise<T>) => Promise<T>;
}

export type StatsQueryName = 'dau' | 'active_users' | 'top_events' | 'retention';

/** The query is well-formed but cannot be answered. */
export class InvalidQueryError extends Error {
  override readonly name = 'InvalidQueryError';

  constructor(readonly errors: readonly ParameterProblem[]) {
    super(errors.map((error) => error.message).join(' '));
  }
}

export interface AskedRange {
  from?: string | undefined;
  to?: string | undefined;
  timezone?: string | undefined;
  /** RFC 3339. */
  as_of?: string | undefined;
}

/**
 * Fills in what was left out. The default range ends today by the clock, also when `as_of` is another day: only
 * `complete` and null depend on that. @throws InvalidQueryError
 */
export function rangeOf(
  asked: AskedRange,
  { clock, defaultZone }: Pick<StatsContext, 'clock' | 'defaultZone'>,
): { from: string; to: string; timezone: string; asOfMs: number } {
  const nowMs = clock();
  const timezone = asked.timezone ?? defaultZone;
  const range = resolveRange({ from: asked.from, to: asked.to, timezone, nowMs });
  if (!range.ok) throw new InvalidQueryError(range.errors);
  return { from: range.from, to: range.to, timezone, asOfMs: asOfMs(asked, nowMs) };
}

export function asOfMs({ as_of: asOf }: AskedRange, nowMs: number): number {
  return asOf === undefined ? nowMs : Date.parse(asOf);
}
