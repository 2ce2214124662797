import {
  streamLag,
  type DeadLetters,
  type NatsConnectionHandle,
  type StreamLag,
  type StreamNames,
} from '@event-analytics/nats-client';
import type { Database } from '@event-analytics/timescale';

/** What waits, as of the last look; a part that could not be learned is absent. */
export interface Backlog {
  lag?: StreamLag;
  deadLetters?: number;
  activityLogRows?: number;
}

export interface BacklogWatch {
  current(): Backlog;
  close(): void;
}

/** Looks every intervalMs, one look at a time, so that a scrape never waits for a server that hangs. */
export function watchBacklog(o: {
  nats: NatsConnectionHandle;
  names: StreamNames;
  deadLetters: Pick<DeadLetters, 'count'>;
  db: Database;
  intervalMs: number;
}): BacklogWatch {
  let current: Backlog = {};
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const [lag, deadLetters, activityLogRows] = await Promise.all([
      streamLag(o.nats, o.names).catch(() => undefined),
      o.deadLetters.count().catch(() => undefined),
      activityLogRowsEstimate(o.db).catch(() => undefined),
    ]);
    current = {
      ...(lag && { lag }),
      ...(deadLetters !== undefined && { deadLetters }),
      ...(activityLogRows !== undefined && { activityLogRows }),
    };
    looking = false;
  }

  const timer = setInterval(() => void look(), o.intervalMs);
  timer.unref();
  void look();
  return { current: () => current, close: () => clearInterval(timer) };
}

/** What PostgreSQL's statistics say: counting the rows would read them all. */
async function activityLogRowsEstimate(db: Database): Promise<number> {
  const [row] = await db.run(
    (sql) => sql<{ rows: number }[]>`
      SELECT n_live_tup::float8 AS rows FROM pg_stat_user_tables
      WHERE relid = to_regclass('activity_log')`,
    { answerTimeoutMs: 2_000 },
  );
  return row?.rows ?? 0;
}
