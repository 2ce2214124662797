import type { AcceptedEvent, EventProblem, ParsedBatch } from '@event-analytics/event-schema';
import { InvalidEventsError } from './errors.js';
import type { PublishEvents } from './publish-events.js';

export interface IngestCommand {
  body: Uint8Array;
  format: 'json' | 'ndjson';
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
  parse: (body: Uint8Array, format: IngestCommand['format'], nowMs: number) => ParsedBatch;
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
    received(events: readonly AcceptedEvent[]): void;
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
    const batch = o.parse(body, format, startedMs);
    o.metrics.rejected(batch.problems);
    if (batch.problems.length > 0 && !partial) throw new InvalidEventsError(batch.problems, batch.total);

    const events = batch.accepted.map(({ event }) => event);
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

  async function withoutSeen(events: readonly AcceptedEvent[], epoch: string): Promise<AcceptedEvent[]> {
    const seen = await o.seenIds.seen(idsOf(events), epoch);
    return events.filter((_, i) => !seen[i]);
  }
}

function idsOf(events: readonly AcceptedEvent[]): string[] {
  return events.map((event) => event.event_id);
}

function firstOfEachId(events: readonly AcceptedEvent[]): AcceptedEvent[] {
  const byId = new Map<string, AcceptedEvent>();
  for (const event of events) {
    if (!byId.has(event.event_id)) byId.set(event.event_id, event);
  }
  return byId.size === events.length ? [...events] : [...byId.values()];
}

function firstProblemOfEach(problems: readonly EventProblem[]): EventProblem[] {
  const byIndex = new Map<number, EventProblem>();
  for (const problem of problems) {
    if (!byIndex.has(problem.index)) byIndex.set(problem.index, problem);
  }
  return [...byIndex.values()];
}
