import { resolveRange, type ParameterProblem } from '@event-analytics/api-contract';
import type { Statistic, Statistics } from '@event-analytics/timescale';

/** What every statistic needs beside its query. */
export interface StatsContext {
  statistics: Statistics;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Where a query names no time zone. */
  defaultZone: string;
  /** Makes a statistic, and records how long it took. */
  timed: <T>(query: StatsQueryName, work: () => Promise<Statistic<T>>) => Promise<Statistic<T>>;
}

export type StatsQueryName =
  'dau' | 'active_users' | 'top_events' | 'retention' | 'stickiness' | 'funnel' | 'event_counts';

export interface StatsAnswer<Body> {
  body: Body;
  /**
   * All that the body was made of, but for the instant that it calls as_of: as long as this is the same, so is the
   * answer. Undefined where that cannot be known.
   */
  madeOf: readonly unknown[] | undefined;
}

/**
 * @param asked the query with its defaults filled in, and what the clock says of it: how many of the periods have
 * begun, and are over
 */
export function answerOf<Body>(
  { version }: Pick<Statistic<unknown>, 'version'>,
  asked: readonly unknown[],
  body: Body,
): StatsAnswer<Body> {
  return { body, madeOf: version === undefined ? undefined : [version, ...asked] };
}

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
  maxDays?: number,
): { from: string; to: string; timezone: string; asOfMs: number } {
  const nowMs = clock();
  const timezone = asked.timezone ?? defaultZone;
  const range = resolveRange({ from: asked.from, to: asked.to, timezone, nowMs, maxDays });
  if (!range.ok) throw new InvalidQueryError(range.errors);
  return { from: range.from, to: range.to, timezone, asOfMs: asOfMs(asked, nowMs) };
}

export function asOfMs({ as_of: asOf }: AskedRange, nowMs: number): number {
  return asOf === undefined ? nowMs : Date.parse(asOf);
}

/** How many of consecutive periods are over. */
export function countOver(periods: readonly { endMs: number }[], asOfMs: number): number {
  return periods.filter(({ endMs }) => endMs <= asOfMs).length;
}
