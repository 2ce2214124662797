import { setTimeout as sleep } from 'node:timers/promises';
import { writeEvents } from '@event-analytics/timescale';
import { connectTo, createDatabase } from '../database.js';
import { startStatsApi, type StatsApi } from './ask-stats-api.js';
import { timingOf, type Timing } from './http-timing.js';
import { checkCounts, logDrained, startIndexerService } from './indexer-service.js';
import { atRate } from './pace.js';
import type { Progress } from './progress.js';
import type { BenchServers } from './servers.js';
import { historicalTraffic, liveTraffic } from './traffic.js';

const STATEMENT_EVENTS = 5_000;
const LIVE_PER_SECOND = 200;
const LIVE_TYPE = 'live';
const POLL_MS = 10;
const SETTLE_MS_MAX = 60_000;
const PROGRESS_EVENTS = 250_000;

export interface BackfillResult {
  events: number;
  /** Of history, per second: written, and folded from the first write to the last fold. */
  writtenPerSecond: number;
  foldedPerSecond: number;
  /** From a live event's write returning to stats-api counting it, in milliseconds. */
  visibleMs: Timing;
  /** Whether it was the index that counted it. */
  fromIndex: boolean;
  /** The most that the process which folds held. */
  indexerResidentMb: number;
}

/** History at random over ten years and 200 types, as fast as it can be written, while live events go on coming. */
export async function benchBackfill(
  servers: BenchServers,
  o: { events: number; users: number; zones: readonly string[] },
  progress: Progress,
): Promise<BackfillResult> {
  const durable = await servers.startDurable(['postgres', 'nats']);
  const databaseUrl = await createDatabase(durable.postgresUrl, 'backfill');
  const db = connectTo(databaseUrl, 4);
  const indexer = await startIndexerService(durable, db, { databaseUrl, zones: o.zones });
  const api = await startStatsApi({ databaseUrl, zones: o.zones, sets: 'native' });
  try {
    let historyDone = false;
    const live = liveTraffic(o.users);
    const watch = watchLiveEvents(api);
    const living = atRate(
      LIVE_PER_SECOND,
      () => historyDone,
      async (due) => {
        await writeEvents(
          db,
          live(due).map((event) => ({ ...event, event_type: LIVE_TYPE })),
        );
        watch.wrote(due);
      },
    );
    const beganMs = performance.now();
    const history = historicalTraffic(o.users);
    for (let written = 0; written < o.events; written += STATEMENT_EVENTS) {
      await writeEvents(db, history(Math.min(STATEMENT_EVENTS, o.events - written)));
      if (written % PROGRESS_EVENTS === 0)
        progress(
          `backfill: ${written.toLocaleString('en')} events, indexer ${indexer.peaks().residentMb.toFixed(0)} MB`,
        );
    }
    const writtenMs = performance.now() - beganMs;
    await historyFolded();
    const foldedMs = performance.now() - beganMs;
    historyDone = true;
    await living;
    const { visibleMs, fromIndex } = await watch.finish();
    await logDrained(db);
    await checkCounts(db);
    return {
      events: o.events,
      writtenPerSecond: (1_000 * o.events) / writtenMs,
      foldedPerSecond: (1_000 * o.events) / foldedMs,
      visibleMs: timingOf(visibleMs),
      fromIndex,
      indexerResidentMb: indexer.peaks().residentMb,
    };
  } finally {
    await api.stop();
    await indexer.stop();
    await db.end({ timeout: 5 });
    await durable.stop();
  }

  async function historyFolded(): Promise<void> {
    for (;;) {
      const [row] = await db.run(
        (sql) => sql<{ folded: boolean }[]>`
          SELECT NOT EXISTS (SELECT FROM activity_log WHERE historical AND stretch IS NULL)
            AND NOT EXISTS (SELECT FROM activity_log WHERE stretch IS NOT NULL) AS folded`,
      );
      if (row?.folded) return;
      await sleep(POLL_MS);
    }
  }
}

interface LiveWatch {
  /** So many more live events were written, just now. */
  wrote(events: number): void;
  /** Waits for the last of them. */
  finish(): Promise<{ visibleMs: number[]; fromIndex: boolean }>;
}

/** Asks stats-api again and again how many there are: they were written in order, so that tells which. */
function watchLiveEvents({ client }: StatsApi): LiveWatch {
  const writes: { upTo: number; events: number; atMs: number }[] = [];
  const visibleMs: number[] = [];
  let written = 0;
  let seen = 0;
  let fromIndex = true;
  let finishedMs = Infinity;
  const watching = watch();
  return {
    wrote(events) {
      written += events;
      writes.push({ upTo: written, events, atMs: performance.now() });
    },
    async finish() {
      finishedMs = performance.now();
      await watching;
      return { visibleMs, fromIndex };
    },
  };

  async function watch(): Promise<void> {
    while (finishedMs === Infinity || seen < writes.length) {
      if (performance.now() > finishedMs + SETTLE_MS_MAX)
        throw new Error('live events do not become visible');
      const count = await liveEvents();
      const atMs = performance.now();
      for (let write = writes[seen]; write !== undefined && write.upTo <= count; write = writes[++seen])
        for (let i = 0; i < write.events; i++) visibleMs.push(atMs - write.atMs);
      await sleep(POLL_MS);
    }
  }

  async function liveEvents(): Promise<number> {
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const range = `from=${day(Date.now() - 86_400_000)}&to=${day(Date.now())}`;
    const answer = await client.get(`/stats/top-events?${range}&limit=1000`);
    if (answer.status !== 200) throw new Error(`stats-api answered ${String(answer.status)}: ${answer.text}`);
    fromIndex &&= answer.etag !== undefined;
    const { events } = JSON.parse(answer.text) as { events: { event_type: string; count: number }[] };
    return events.find((event) => event.event_type === LIVE_TYPE)?.count ?? 0;
  }
}
