import { setTimeout as sleep } from 'node:timers/promises';
import {
  dropExpiredEvents,
  keepColumnstorePolicy,
  makePartitionsAhead,
  type Database,
} from '@event-analytics/timescale';
import type { WriterMetrics } from './metrics.js';

const EVERY_MS = 5 * 60_000;

export interface StorageUpkeepOptions {
  db: Database;
  /** 0: never. */
  compressAfterDays: number;
  /** 0: for ever. */
  retainRawDays: number;
  /** Zones whose index must have an event before that is dropped. */
  zones: readonly string[];
  metrics: Pick<WriterMetrics, 'upkeepFailed' | 'partitionsDropped'>;
  log: {
    info(event: string, context: Record<string, unknown>): void;
    warn(event: string, context: Record<string, unknown>): void;
  };
  /** Milliseconds since 1970. */
  clock: () => number;
}

export interface StorageUpkeep {
  /** Finishes the step in hand. */
  stop(): Promise<void>;
}

type Step = 'make_partitions' | 'columnstore' | 'drop_events';

/**
 * At once and every few minutes: partitions are made ahead, the columnstore is set as configured, raw events
 * that are too old are dropped. Every writer does it; the database lets one at a time. What fails is tried
 * again the next time: the writer itself does not depend on any of it.
 */
export function startStorageUpkeep(o: StorageUpkeepOptions): StorageUpkeep {
  const stopping = new AbortController();
  let columnstoreTold = false;
  let waitTold = false;
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await attempt('make_partitions', () => makePartitionsAhead(o.db, { nowMs: o.clock() }));
      await attempt('columnstore', keepColumnstore);
      await attempt('drop_events', dropEvents);
      await sleep(EVERY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  async function attempt(step: Step, work: () => Promise<void>): Promise<void> {
    if (stopping.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      o.metrics.upkeepFailed(step);
      o.log.warn('storage_upkeep_failed', { step, error: String(error) });
    }
  }

  async function keepColumnstore(): Promise<void> {
    const change = await keepColumnstorePolicy(o.db, { compressAfterDays: o.compressAfterDays });
    if (change?.kind === 'set') o.log.info('columnstore_set', { compress_after_days: change.days });
    if (change?.kind === 'remove') o.log.info('columnstore_policy_removed', {});
    if (change?.kind === 'not_offered' && o.compressAfterDays > 0 && !columnstoreTold) {
      columnstoreTold = true;
      o.log.info('columnstore_not_offered', {
        reason: 'events stay uncompressed: it takes TimescaleDB under its own licence',
      });
    }
  }

  async function dropEvents(): Promise<void> {
    const { retainRawDays, zones } = o;
    const result = await dropExpiredEvents(o.db, { retainRawDays, zones, nowMs: o.clock() });
    if (result.dropped > 0) {
      o.metrics.partitionsDropped(result.dropped);
      o.log.info('raw_events_dropped', { partitions: result.dropped, retained_from: result.retainedFrom });
    }
    if (result.awaitsIndex && !waitTold) {
      o.log.info('raw_events_kept', { reason: 'an index that is being built needs them' });
    }
    waitTold = result.awaitsIndex;
  }
}
