import { DEFAULT_LIMITS, type WireEvent } from '@event-analytics/event-schema';
import { createIngestEvents, type IngestDependencies } from './ingest-events.js';
import { createReadBatch } from './read-batch.js';

const NOW_MS = Date.parse('2024-03-05T00:00:00Z');

function id(i: number): string {
  return `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
}

function bodyOf(...ids: number[]): Uint8Array {
  const events = ids.map((i) => ({
    event_id: id(i),
    user_id: 'ada',
    event_type: 'click',
    occurred_at: '2024-03-04T10:00:00Z',
  }));
  return Buffer.from(JSON.stringify({ events }));
}

/** The use case with parts that write down what is asked of them, in order. */
function recording(
  o: { seen?: number[]; epoch?: () => string | undefined; publishing?: Promise<void> } = {},
) {
  const steps: string[] = [];
  const short = (ids: readonly string[]) => ids.map((text) => Number(text.slice(-12))).join(',');
  const dependencies: IngestDependencies = {
    readBatch: createReadBatch(DEFAULT_LIMITS),
    seenIds: {
      seen(ids, epoch) {
        steps.push(`seen ${short(ids)} of ${epoch}`);
        return Promise.resolve(ids.map((text) => (o.seen ?? []).includes(Number(text.slice(-12)))));
      },
      markDone(ids, epoch) {
        steps.push(`mark ${short(ids)} of ${epoch}`);
        return Promise.resolve();
      },
    },
    streamEpoch: o.epoch ?? (() => 'e1'),
    async publishEvents(events: readonly WireEvent[]) {
      steps.push(`publish ${short(events.map((event) => event.event_id))}`);
      await o.publishing;
      steps.push('acknowledged');
    },
    clock: () => NOW_MS,
    log: { info: () => undefined },
    metrics: {
      received: () => undefined,
      duplicates: () => undefined,
      rejected: () => undefined,
      ingested: () => undefined,
    },
  };
  const ingestEvents = createIngestEvents(dependencies);
  const ingest = (body: Uint8Array) => ingestEvents({ body, format: 'json', partial: false, requestId: 'r' });
  return { steps, ingest };
}

describe('ingesting', () => {
  it('marks what it published, after the acknowledgement and never before', async () => {
    const { steps, ingest } = recording({ seen: [2] });
    expect(await ingest(bodyOf(1, 2, 3, 1))).toEqual({ accepted: 2, duplicates: 2, rejected: [] });
    expect(steps).toEqual(['seen 1,2,3 of e1', 'publish 1,3', 'acknowledged', 'mark 1,3 of e1']);
  });

  it('marks nothing when publishing fails', async () => {
    const { steps, ingest } = recording({ publishing: Promise.reject(new Error('stream full')) });
    await expect(ingest(bodyOf(1))).rejects.toThrow('stream full');
    expect(steps).toEqual(['seen 1 of e1', 'publish 1']);
  });

  it('publishes nothing when all was seen', async () => {
    const { steps, ingest } = recording({ seen: [1] });
    expect(await ingest(bodyOf(1))).toEqual({ accepted: 0, duplicates: 1, rejected: [] });
    expect(steps).toEqual(['seen 1 of e1']);
  });

  it('marks under the stream it knew before publishing, not under one made anew meanwhile', async () => {
    const epochs = ['e1', 'e2'];
    const { steps, ingest } = recording({ epoch: () => epochs.shift() });
    await ingest(bodyOf(1));
    expect(steps.at(-1)).toBe('mark 1 of e1');
  });

  it('neither asks nor marks while it does not know the stream', async () => {
    const { steps, ingest } = recording({ epoch: () => undefined, seen: [1] });
    expect(await ingest(bodyOf(1))).toMatchObject({ accepted: 1 });
    expect(steps).toEqual(['publish 1', 'acknowledged']);
  });
});
