import type { Difference, Recount } from '@event-analytics/timescale';

import { EXIT, interruptedBy, type ExitCode } from '../exit-codes.js';
import { tableLines } from '../report/import-facts.js';
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
  signal: AbortSignal;
}

export interface RecountSummary {
  /** Numbers of the index that were compared: users of a day, users of a month, events of a day, each by type. */
  compared: number;
  differing: number;
  differences: Difference[];
  events: number;
  zones: string[];
  /** Zones that were not compared, for their first index is still being built. */
  not_ready: string[];
  /** Zones without an index, answered from the events: some lie where their days cannot be told. */
  refused: string[];
  /** Events from before it were dropped: what the index knows of them was not compared. Null: none were. */
  retained_from: string | null;
  seconds: number;
  interrupted: boolean;
  error: string | null;
}

/** Compares the index of statistics with the events. */
export async function runRecount(
  dependencies: RecountDependencies,
): Promise<{ summary: RecountSummary; exitCode: ExitCode }> {
  const { clock, describe, limit, messages, progress, signal } = dependencies;
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
  const { compared, differing, events, interrupted, notReady, refused, retainedFrom, zones } = result;
  const differences = result.differences.slice(0, limit);
  const summary = {
    ...{ compared, differing, differences, events, zones },
    not_ready: notReady.map(nameOfZone),
    refused,
    retained_from: retainedFrom ?? null,
    seconds: seconds(),
    interrupted,
    error: null,
  };
  tell(summary, messages);
  return { summary, exitCode: interrupted ? interruptedBy(signal) : exitCodeOf(result) };
}

/** A difference is known for certain, whatever else was not compared. Refused zones are answered from the events. */
function exitCodeOf({ differing, notReady }: Recount): ExitCode {
  if (differing > 0) return EXIT.differs;
  return notReady.length > 0 ? EXIT.notCompared : EXIT.ok;
}

const NOTHING: Omit<RecountSummary, 'seconds' | 'error'> = {
  compared: 0,
  differing: 0,
  differences: [],
  events: 0,
  zones: [],
  not_ready: [],
  refused: [],
  retained_from: null,
  interrupted: false,
};

function tell(summary: RecountSummary, messages: Messages): void {
  const n = (value: number): string => value.toLocaleString('en-US');
  const { compared, differences, differing, events, interrupted, refused, zones } = summary;
  const notReady = summary.not_ready.join(', ');
  if (notReady) messages.error('index_not_ready', `not ready yet, and not compared: ${notReady}`);
  if (refused.length > 0) {
    const reason = 'events lie where the days of the zone cannot be told';
    messages.warn(
      'index_refused',
      `without an index, answered from the events: ${refused.join(', ')} (${reason})`,
    );
  }
  if (summary.retained_from !== null) {
    messages.info('events_dropped', `events from before ${summary.retained_from} were dropped: not compared`);
  }
  const numbers = `${n(compared)} numbers of ${zones.join(', ') || 'no zone'}`;
  const what = `${interrupted ? 'interrupted: ' : ''}${numbers} compared with ${n(events)} events`;
  if (differing === 0) return messages.info('recounted', `${what}: 0 differences`);
  for (const line of table(differences)) messages.error('difference', line);
  const more = differing > differences.length ? ` (the first ${n(differences.length)} are shown)` : '';
  messages.error(
    'recounted',
    `${what}: ${n(differing)} differences${more}; "event-importer reindex" builds the index anew`,
  );
}

const HEADER = ['date', 'what', 'zone', 'event type', 'index', 'events'];

function table(differences: readonly Difference[]): string[] {
  const rows = differences.map(({ date, statistic, zone, eventType, index, events }) => [
    date,
    statistic,
    nameOfZone(zone),
    eventType ?? '(any)',
    String(index),
    String(events),
  ]);
  return tableLines([HEADER, ...rows]);
}

/** Counts of events are of no zone: they are kept by UTC day. */
function nameOfZone(zone: string): string {
  return zone === '' ? 'counts (UTC)' : zone;
}
