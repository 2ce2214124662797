import {
  streamLag,
  type DeadLetterBacklog,
  type DeadLetters,
  type NatsConnectionHandle,
  type StreamLag,
  type StreamNames,
} from '@event-analytics/nats-client';
import { estimateActivityLogRows, type Database } from '@event-analytics/timescale';

/** What waits, as of the last look; a part that could not be learned is absent. */
export interface Backlog {
  lag?: StreamLag;
  deadLetters?: DeadLetterBacklog;
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
  deadLetters: Pick<DeadLetters, 'backlog'>;
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
      o.deadLetters.backlog().catch(() => undefined),
      estimateActivityLogRows(o.db, { answerTimeoutMs: 2_000 }).catch(() => undefined),
    ]);
    current = {
      ...(lag && { lag }),
      ...(deadLetters && { deadLetters }),
      ...(activityLogRows !== undefined && { activityLogRows }),
    };
    looking = false;
  }

  const timer = setInterval(() => void look(), o.intervalMs);
  timer.unref();
  void look();
  return { current: () => current, close: () => clearInterval(timer) };
}
