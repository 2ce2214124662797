import type { EventProblem, WireEvent } from '@event-analytics/event-schema';
import { InvalidEventsError } from './errors.js';
import type { PublishEvents } from './publish-events.js';
import type { BatchFormat, ReadBatch } from './read-batch.js';

export interface IngestCommand {
  body: Uint8Array;
  format: BatchFormat;
  /** Take the valid events of a batch that has invalid ones too. */
  partial: boolean;
  requestId: string;
}

export interface IngestResult {
  accepted: number;
  duplicates: number;
  /** One entry an event: the first thing wrong with it. */
  rejected: EventProblem[];
}

export type IngestEvents = (command: IngestCommand) => Promise<IngestResult>;

export interface IngestDependencies {
  readBatch: (body: Uint8Array, format: BatchFormat, nowMs: number) => ReadBatch;
  seenIds: {
    seen(ids: readonly string[], streamEpoch: string): Promise<boolean[]>;
    markDone(ids: readonly string[], streamEpoch: string): Promise<void>;
  };
  /** When the stream was made, while that is known; else no mark counts and none is set. */
  streamEpoch: () => string | undefined;
  publishEvents: PublishEvents;
  /** Milliseconds since 1970. */
  clock: () => number;
  log: { info(event: string, context: Record<string, unknown>): void };
  metrics: {
    received(events: readonly WireEvent[]): void;
    duplicates(source: 'batch' | 'redis', count: number): void;
    rejected(problems: readonly EventProblem[]): void;
    ingested(durationSeconds: number): void;
  };
}

/**
 * Takes a batch: validates, drops the ids repeated in it and those already done, publishes the rest, marks
 * them done. Resolves only after every event is durably in the stream.
 *
 * Throws BatchError (the body as a whole), InvalidEventsError (single events, unless `partial`) and what
 * publishing throws. Nothing is remembered before the acknowledgement: a crash in between makes the retry
 * publish again, and PostgreSQL drops the second.
 */
export function createIngestEvents(o: IngestDependencies): IngestEvents {
  return async ({ body, format, partial, requestId }) => {
    const startedMs = o.clock();
    const batch = o.readBatch(body, format, startedMs);
    o.metrics.rejected(batch.problems);
    if (batch.problems.length > 0 && !partial) throw new InvalidEventsError(batch.problems, batch.total);

    const { events } = batch;
    o.metrics.received(events);
    const unique = firstOfEachId(events);
    // Asked before publishing: a stream made anew meanwhile must not inherit these marks.
    const epoch = o.streamEpoch();
    const fresh = epoch === undefined ? unique : await withoutSeen(unique, epoch);

    if (fresh.length > 0) {
      await o.publishEvents(fresh);
      if (epoch !== undefined) await o.seenIds.markDone(idsOf(fresh), epoch);
    }

    o.metrics.duplicates('batch', events.length - unique.length);
    o.metrics.duplicates('redis', unique.length - fresh.length);
    const durationSeconds = (o.clock() - startedMs) / 1_000;
    o.metrics.ingested(durationSeconds);
    const rejected = firstProblemOfEach(batch.problems);
    const accepted = fresh.length;
    const duplicates = events.length - fresh.length;
    o.log.info('events_accepted', {
      accepted,
      duplicates,
      rejected: rejected.length,
      duration_seconds: durationSeconds,
      request_id: requestId,
    });
    return { accepted, duplicates, rejected };
  };

  async function withoutSeen(events: readonly WireEvent[], epoch: string): Promise<readonly WireEvent[]> {
    const seen = await o.seenIds.seen(idsOf(events), epoch);
    return seen.includes(true) ? events.filter((_, i) => !seen[i]) : events;
  }
}

function idsOf(events: readonly WireEvent[]): string[] {
  return events.map((event) => event.event_id);
}

function firstOfEachId(events: readonly WireEvent[]): readonly WireEvent[] {
  if (events.length === 1) return events;
  const ids = new Set<string>();
  for (const { event_id } of events) ids.add(event_id);
  // `delete` is true for the first of an id only.
  return ids.size === events.length ? events : events.filter(({ event_id }) => ids.delete(event_id));
}

function firstProblemOfEach(problems: readonly EventProblem[]): EventProblem[] {
  const byIndex = new Map<number, EventProblem>();
  for (const problem of problems) {
    if (!byIndex.has(problem.index)) byIndex.set(problem.index, problem);
  }
  return [...byIndex.values()];
}
