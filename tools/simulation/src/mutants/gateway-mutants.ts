import { setTimeout as sleep } from 'node:timers/promises';
import { StreamUnavailableError } from '@event-analytics/nats-client';
import type { IngestDependencies } from '@event-analytics/ingest-gateway/protocol';
import type { FaultKind } from '../faults.js';
import type { Plan } from '../plan.js';
import type { Mutant } from './mutant.js';

type Events = Parameters<IngestDependencies['publishEvents']>[0];

const idsOf = (events: Events): string[] => events.map(({ event_id }) => event_id);

/** Marks under the epoch that is known now. */
async function mark({ seenIds, streamEpoch }: IngestDependencies, events: Events): Promise<void> {
  const epoch = streamEpoch();
  if (epoch !== undefined) await seenIds.markDone(idsOf(events), epoch);
}

const publishing = (
  change: (o: IngestDependencies) => IngestDependencies['publishEvents'],
): NonNullable<Mutant['ingest']> => {
  return (o) => ({ ...o, publishEvents: change(o) });
};

/** A probe has been answered by then. */
const BREAKER_CLOSED_AFTER_MS = 500;

const hasTimedOut = (error: unknown): boolean =>
  error instanceof StreamUnavailableError && error.outcome === 'unknown';

/** The same text with another id: what an event is once it is on its way. */
function renamed(events: Events): Events {
  return events.map((event) => {
    const event_id = `ffffffff${event.event_id.slice(8)}`;
    return 'line' in event
      ? { ...event, event_id, line: event.line.replace(event.event_id, event_id) }
      : { ...event, event_id };
  });
}

/** Marks of events that went with their stream, and somebody who sends them again; little else, for it is rare. */
const streamsComeAndGo = (faults: readonly FaultKind[]): Partial<Plan> => ({
  faults: new Set<FaultKind>([
    'stream_made_anew',
    'sent_again',
    'writer_paused',
    'postgres_paused',
    ...faults,
  ]),
  clients: 4,
  requestsPerClient: 12,
  chaosMs: 12_000,
});

export const GATEWAY_MUTANTS: readonly Mutant[] = [
  {
    name: 'claim-before-publish',
    mistake: 'ids are marked in Redis before the stream has their events',
    ingest: publishing((o) => async (events) => {
      await mark(o, events);
      await o.publishEvents(events);
    }),
  },
  {
    name: 'mark-whatever-came-of-it',
    mistake: 'ids are marked though publishing failed',
    ingest: publishing((o) => async (events) => {
      try {
        await o.publishEvents(events);
      } finally {
        await mark(o, events);
      }
    }),
  },
  {
    name: 'answer-without-puback',
    mistake: '202 is answered once the events are sent, whether or not the stream has them',
    ingest: publishing((o) => (events) => {
      o.publishEvents(events).catch(() => undefined);
      return Promise.resolve();
    }),
  },
  {
    name: 'answer-after-first-message',
    mistake: '202 is answered when the first of several messages is in the stream',
    ingest: publishing((o) => async (events) => {
      const half = Math.ceil(events.length / 2);
      const first = o.publishEvents(events.slice(0, half));
      // So that they do not share one.
      const second = first.then(() => o.publishEvents(events.slice(half)));
      second.catch(() => undefined);
      await first;
    }),
    plan: () => ({ eventsPerRequestMax: 6 }),
  },
  {
    name: 'timeout-means-stored',
    mistake: 'a PubAck that does not come is taken for one that did',
    ingest: publishing((o) => async (events) => {
      try {
        await o.publishEvents(events);
      } catch (error) {
        if (!hasTimedOut(error)) throw error;
      }
    }),
    needs: ['connection_cut'],
  },
  {
    name: 'timeout-means-not-stored',
    mistake: 'what was published without a PubAck is published again under new ids',
    ingest: publishing((o) => async (events) => {
      try {
        await o.publishEvents(events);
      } catch (error) {
        if (!hasTimedOut(error)) throw error;
        await sleep(BREAKER_CLOSED_AFTER_MS);
        await o.publishEvents(renamed(events));
      }
    }),
    needs: ['puback_lost'],
  },
  {
    name: 'epoch-asked-after-publishing',
    mistake: 'marks are set under the epoch that is known after publishing',
    ingest: (o) => ({
      ...o,
      seenIds: {
        seen: (ids, epoch) => o.seenIds.seen(ids, epoch),
        async markDone(ids, epoch) {
          await o.seenIds.markDone(ids, o.streamEpoch() ?? epoch);
        },
      },
    }),
    plan: () => streamsComeAndGo(['puback_late']),
  },
  {
    name: 'marks-of-any-stream',
    mistake: 'marks do not tell for which stream they were set',
    ingest: (o) => ({
      ...o,
      seenIds: {
        seen: (ids) => o.seenIds.seen(ids, 'any'),
        markDone: (ids) => o.seenIds.markDone(ids, 'any'),
      },
    }),
    plan: () => streamsComeAndGo([]),
  },
];
