import { setTimeout as sleep } from 'node:timers/promises';
import { startService, type Servers } from '@event-analytics/stack';
import type { Database } from '@event-analytics/timescale';
import { logIsEmpty } from '../database.js';

const POLL_MS = 20;
const WATCH_MS = 250;
const DRAIN_MS_MAX = 30 * 60_000;
const READY_MS_MAX = 60_000;

/** The built jetstream-writer: its stream stays empty, so what it does and holds is the indexer's. */
export interface IndexerService {
  /** The most that its process has held of memory so far, and that the oldest row of the log had waited. */
  peaks(): { residentMb: number; recentLagMs: number };
  stop(): Promise<void>;
}

export async function startIndexerService(
  servers: Servers,
  db: Database,
  { databaseUrl, zones }: { databaseUrl: string; zones: readonly string[] },
): Promise<IndexerService> {
  const service = await startService({
    app: 'jetstream-writer',
    env: {
      LOG_LEVEL: 'warn',
      DATABASE_URL: databaseUrl,
      NATS_URL: servers.natsUrl,
      REPORTING_TIMEZONES: zones.join(','),
    },
  });
  await service.waitReady();
  await indexesReady(db, zones);

  const peak = { residentMb: 0, recentLagMs: 0 };
  let watching = true;
  const watched = watch();
  return {
    peaks: () => ({ ...peak }),
    async stop() {
      watching = false;
      await watched;
      await service.stop();
    },
  };

  async function watch(): Promise<void> {
    while (watching) {
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      peak.residentMb = Math.max(
        peak.residentMb,
        figure(metrics, 'process_resident_memory_bytes') / 1_024 ** 2,
      );
      const [row] = await db.run(
        (sql) => sql<{ lag: number | null }[]>`
          SELECT (date_part('epoch', clock_timestamp() - logged_at) * 1000)::float8 AS lag
          FROM activity_log WHERE NOT historical AND stretch IS NULL ORDER BY id LIMIT 1`,
      );
      peak.recentLagMs = Math.max(peak.recentLagMs, row?.lag ?? 0);
      await sleep(WATCH_MS);
    }
  }
}

/** Waits until the indexes of all zones, and the counts, answer. */
export async function indexesReady(db: Database, zones: readonly string[]): Promise<void> {
  const isReady = async () => {
    const [row] = await db.run(
      (sql) =>
        sql<{ ready: number }[]>`SELECT count(*)::int AS ready FROM activity_indexes WHERE state = 'ready'`,
    );
    return row?.ready === zones.length + 1;
  };
  await until(isReady, { timeoutMs: READY_MS_MAX, what: 'the indexes are ready' });
}

/** Waits until everything is folded. @returns how long that took, in milliseconds */
export async function logDrained(db: Database): Promise<number> {
  const beganMs = performance.now();
  await until(() => logIsEmpty(db), { timeoutMs: DRAIN_MS_MAX, what: 'the log is folded' });
  return performance.now() - beganMs;
}

/** @throws Error where the index counts other than there is */
export async function checkCounts(db: Database): Promise<void> {
  const [row] = await db.run(
    (sql) => sql<{ events: string; counted: string }[]>`
      SELECT (SELECT count(*) FROM events) AS events, (SELECT coalesce(sum(total), 0) FROM activity_counts) AS counted`,
  );
  if (row === undefined || Number(row.events) !== Number(row.counted))
    throw new Error(`there are ${row?.events ?? '?'} events, and the index counts ${row?.counted ?? '?'}`);
}

async function until(
  isTrue: () => Promise<boolean>,
  { timeoutMs, what }: { timeoutMs: number; what: string },
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${String(timeoutMs)} ms until ${what}`);
    await sleep(POLL_MS);
  }
}

/** One without labels, or with the first it has; 0 where it is missing. */
function figure(metrics: string, name: string): number {
  const line = metrics.split('\n').find((text) => text.startsWith(`${name} `) || text.startsWith(`${name}{`));
  return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? 0);
}
