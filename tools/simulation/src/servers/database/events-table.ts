import { keyOf } from '../../ledger.js';
import type { InsertStatement, SentEvent } from './statements.js';

/** A row of `events`, its instants as `YYYY-MM-DDTHH:mm:ss.sssZ`. */
export type EventRow = SentEvent;

/** A row of `activity_log`, taken apart: bucket, type and user of each event. */
export interface LogRow {
  historical: boolean;
  entries: ActivityEntry[];
}

export type ActivityEntry = [bucket: number, eventType: string, userId: string];

export interface Insertion {
  rows: EventRow[];
  log: LogRow[];
  retainedFromMs: number;
}

/** The statement fails with this SQLSTATE. */
export class Refusal extends Error {
  constructor(readonly sqlState: string) {
    super(sqlState);
  }
}

const BUCKET_MS = 900_000;
/** As in libs/timescale's events_insert.ts. */
const HISTORICAL_AFTER_BUCKETS = 192;

const byKey = (a: SentEvent, b: SentEvent): number => {
  const [keyA, keyB] = [keyOf(a), keyOf(b)];
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
};

/** No text of PostgreSQL's can hold it, and no jsonb its escape. */
const holdsNul = ({ user_id, event_type, properties_json }: SentEvent): boolean =>
  user_id.includes('\0') || event_type.includes('\0') || properties_json.includes('\\u0000');

/** The first day of a month, as events_make_partitions is given it. */
const partitionOf = (occurredAt: string): string => `${occurredAt.slice(0, 7)}-01`;

export function entryOf(event: EventRow): ActivityEntry {
  return [Math.floor(Date.parse(event.occurred_at) / BUCKET_MS), event.event_type, event.user_id];
}

/**
 * `events`, `activity_log` and the watermark: what the insert of libs/timescale makes of them. How that statement is
 * read is in statements.ts; whether both are right is held against the real PostgreSQL by a test.
 *
 * @param o.refuses  the SQLSTATE with which a row is refused, as by a trigger
 * @param o.counts   what is logged: the rows that were inserted, or (a mistake) all that were sent
 */
export function createEventsTable(
  o: { refuses?: (event: SentEvent) => string | undefined; counts?: 'inserted' | 'sent' } = {},
) {
  const rows = new Map<string, EventRow>();
  const log: LogRow[] = [];
  const partitions = new Set<string>();
  let retainedFromMs = -Infinity;

  function logOf(events: readonly EventRow[], nowMs: number): LogRow[] {
    const halves = new Map<boolean, LogRow>();
    for (const event of events) {
      const entry = entryOf(event);
      const historical = entry[0] < nowMs / BUCKET_MS - HISTORICAL_AFTER_BUCKETS;
      const half = halves.get(historical) ?? { historical, entries: [] };
      halves.set(historical, half);
      half.entries.push(entry);
    }
    return [...halves.values()];
  }

  return {
    rows,
    log,
    partitions,
    makePartitions(starts: readonly string[]): void {
      for (const start of starts) if (Date.parse(start) >= retainedFromMs) partitions.add(start);
    },
    dropPartition(start: string): void {
      partitions.delete(start);
      for (const [key, row] of rows) if (partitionOf(row.occurred_at) === start) rows.delete(key);
    },
    retainFrom: (ms: number) => (retainedFromMs = ms),

    /** What the statement will have done once it is committed; throws a Refusal and then nothing is done. */
    insert({ sent, unseen }: InsertStatement, nowMs: number): Insertion {
      if (sent.some(holdsNul)) throw new Refusal('22P05');
      const wanted = sent.filter(({ occurred_at }) => !(Date.parse(occurred_at) < retainedFromMs));
      const inserted = new Map<string, EventRow>();
      // The sort is stable: of equal keys the first that was sent comes first.
      for (const event of [...wanted].sort(byKey)) {
        if (!partitions.has(partitionOf(event.occurred_at))) throw new Refusal('23514');
        const refused = o.refuses?.(event);
        if (refused !== undefined) throw new Refusal(refused);
        const key = keyOf(event);
        if (rows.has(key) || inserted.has(key)) {
          if (unseen) throw new Refusal('23505');
          continue;
        }
        inserted.set(key, event);
      }
      const counted = o.counts === 'sent' ? wanted : [...inserted.values()];
      return { rows: [...inserted.values()], log: logOf(counted, nowMs), retainedFromMs };
    },
    commit(insertion: Insertion): void {
      for (const row of insertion.rows) rows.set(keyOf(row), row);
      log.push(...insertion.log);
    },
  };
}
