import type { AcceptedEvent } from '@event-analytics/event-schema';
import type { Database } from './database.js';
import { makePartitions } from './queries/partitions_make.js';
import { retryTransient } from './retry-transient.js';
import { isIsoInstant } from './sql-text.js';
import { recordedStorage, type StorageKind } from './storage.js';

/** Locks taken by one transaction: each new partition is a table and its indexes. */
const PARTITIONS_PER_TRANSACTION = 24;
/** A hundred years; past it the process asks the database again. */
const KNOWN_MAX = 1_300;
const CHUNK_MS = 28 * 86_400_000;
const PARTITIONS_AHEAD = 2;

/** The date that stands for the partition an instant is in: what the migrations lay down. */
const PARTITION_START: Record<StorageKind, (occurredAt: string) => string> = {
  partitions: (occurredAt) => `${occurredAt.slice(0, 7)}-01`,
  timescaledb: chunkStart,
};

/** TimescaleDB counts its intervals from 1970. With another interval some chunks are made within writes instead. */
function chunkStart(occurredAt: string): string {
  const ms = Date.parse(occurredAt);
  // What is no instant is PostgreSQL's to refuse, by its SQLSTATE.
  if (Number.isNaN(ms)) return occurredAt;
  return new Date(Math.floor(ms / CHUNK_MS) * CHUNK_MS).toISOString().slice(0, 10);
}

/** Of an instant as toISOString writes it; both storages begin their partitions at midnight, UTC. */
function utcDay(occurredAt: string): string | undefined {
  return isIsoInstant(occurredAt) ? occurredAt.slice(0, 10) : undefined;
}

/** The partitions that live events will be in: this one and the next two, as events_make_partitions wants them. */
export function partitionsAhead(storage: StorageKind, nowMs: number): string[] {
  const now = new Date(nowMs);
  const starts = Array.from({ length: 1 + PARTITIONS_AHEAD }, (_, i) => {
    const later =
      storage === 'partitions' ? Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + i) : nowMs + i * CHUNK_MS;
    return PARTITION_START[storage](new Date(later).toISOString());
  });
  return starts;
}

type Instant = Pick<AcceptedEvent, 'occurred_at'>;

export interface EventPartitions {
  /** Makes the partitions or chunks of the events that are not there, but none of what was dropped for good. */
  ensure(events: readonly Instant[]): Promise<void>;
  /** Forgets what it knew to exist: somebody dropped a partition. */
  forget(): void;
}

/** One per pool; remembers the partitions that it saw. */
export function createEventPartitions(db: Database): EventPartitions {
  const known = new Set<string>();
  // UTC days whose partition is known, so that one of many events costs a look and no arithmetic.
  const knownDays = new Set<string>();
  let storage: StorageKind | undefined;

  return {
    async ensure(events) {
      storage ??= await db.run(recordedStorage);
      if (storage === undefined) return; // Not migrated: the insert will say so.
      const missing = missingPartitions(events, PARTITION_START[storage]);
      for (let at = 0; at < missing.length; at += PARTITIONS_PER_TRANSACTION) {
        const starts = missing.slice(at, at + PARTITIONS_PER_TRANSACTION);
        await retryTransient(() => makePartitions(db, starts));
        if (known.size + starts.length > KNOWN_MAX) forget();
        for (const start of starts) known.add(start);
      }
    },
    forget,
  };

  function forget(): void {
    known.clear();
    knownDays.clear();
  }

  function missingPartitions(events: readonly Instant[], startOf: (occurredAt: string) => string): string[] {
    const starts = new Set<string>();
    for (const { occurred_at } of events) {
      const day = utcDay(occurred_at);
      if (day !== undefined && knownDays.has(day)) continue;
      const start = startOf(occurred_at);
      if (!known.has(start)) starts.add(start);
      else if (day !== undefined) knownDays.add(day);
    }
    return [...starts].sort();
  }
}
