import type { Difference, Recount } from '@event-analytics/timescale';

import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Messages } from '../report/messages.js';
import type { ShareProgress } from '../report/share-progress.js';

export interface RecountDependencies {
  recount: (onProgress: (share: number) => void) => Promise<Recount>;
  describe: (error: unknown) => string;
  /** Differences that are shown. */
  limit: number;
  clock: () => number;
  messages: Messages;
  progress: ShareProgress;
}

export interface RecountSummary {
  /** Numbers of the index that were compared: users of a day, users of a month, events of a day, each by type. */
  compared: number;
  differing: number;
  differences: Difference[];
  events: number;
  zones: string[];
  /** Zones whose index is still being built. */
  not_ready: string[];
  /** Events from before it were dropped: what the index knows of them was not compared. Null: none were. */
  retained_from: string | null;
  seconds: number;
  error: string | null;
}

/** Compares the index of statistics with the events. */
export async function runRecount(
  dependencies: RecountDependencies,
): Promise<{ summary: RecountSummary; exitCode: ExitCode }> {
  const { clock, describe, limit, messages, progress } = dependencies;
  const startedAt = clock();
  const seconds = (): number => Math.round(clock() - startedAt) / 1_000;
  let result: Recount;
  try {
    result = await dependencies.recount(progress.update);
  } catch (error) {
    progress.stop();
    const reason = describe(error);
    messages.error('recount_failed', reason);
    return { summary: { ...NOTHING, seconds: seconds(), error: reason }, exitCode: EXIT.failed };
  }
  progress.stop();
  const { compared, differing, events, notReady, retainedFrom, zones } = result;
  const differences = result.differences.slice(0, limit);
  const summary = {
    ...{ compared, differing, differences, events, zones },
    not_ready: notReady.map(nameOfZone),
    retained_from: retainedFrom ?? null,
    seconds: seconds(),
    error: null,
  };
  tell(summary, messages);
  return { summary, exitCode: differing === 0 ? EXIT.ok : EXIT.differs };
}

const NOTHING: Omit<RecountSummary, 'seconds' | 'error'> = {
  compared: 0,
  differing: 0,
  differences: [],
  events: 0,
  zones: [],
  not_ready: [],
  retained_from: null,
};

function tell(summary: RecountSummary, messages: Messages): void {
  const n = (value: number): string => value.toLocaleString('en-US');
  const { compared, differences, differing, events, not_ready: notReady, zones } = summary;
  if (notReady.length > 0) {
    messages.warn('index_not_ready', `not ready yet, and not compared: ${notReady.join(', ')}`);
  }
  if (summary.retained_from !== null) {
    messages.info('events_dropped', `events from before ${summary.retained_from} were dropped: not compared`);
  }
  const what = `${n(compared)} numbers of ${zones.join(', ') || 'no zone'} compared with ${n(events)} events`;
  if (differing === 0) return messages.info('recounted', `${what}: 0 differences`);
  for (const line of table(differences)) messages.error('difference', line);
  const more = differing > differences.length ? ` (the first ${n(differences.length)} are shown)` : '';
  messages.error(
    'recounted',
    `${what}: ${n(differing)} differences${more}; "event-importer reindex" builds the index anew`,
  );
}

const HEADER = ['date', 'what', 'zone', 'event type', 'index', 'events'];

/** Lines of equal columns. */
function table(differences: readonly Difference[]): string[] {
  const rows = differences.map(({ date, statistic, zone, eventType, index, events }) => [
    date,
    statistic,
    nameOfZone(zone),
    eventType ?? '(any)',
    String(index),
    String(events),
  ]);
  const widths = HEADER.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [HEADER, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Counts of events are of no zone: they are kept by UTC day. */
function nameOfZone(zone: string): string {
  return zone === '' ? 'counts (UTC)' : zone;
}
