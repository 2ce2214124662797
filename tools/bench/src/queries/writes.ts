import { writeEvents, type Database, type WritableEvent } from '@event-analytics/timescale';
import { connectTo, createDatabase } from '../database.js';
import { checkCounts, logDrained, startIndexerService } from './indexer-service.js';
import { insertEventsAlone } from './insert-alone.js';
import { atRate } from './pace.js';
import type { Progress } from './progress.js';
import type { BenchServers } from './servers.js';
import { liveTraffic, type Traffic } from './traffic.js';

const LANES = 2;
const STATEMENT_EVENTS = 5_000;
const WARM_UP_MS = 1_000;

export interface WriteScale {
  users: number;
  zones: readonly string[];
  /** Both kinds of writes take turns, so often and each so long or so many. */
  slices: number;
  sliceMs: number;
  sliceEventsMax: number;
  rates: readonly number[];
  rateMs: number;
}

export interface WalBytes {
  /** Events a second; undefined: as fast as they go. */
  perSecond: number | undefined;
  /**
   * WAL bytes an event, without the images of whole pages (a page has one after each checkpoint, whoever writes to it
   * then): of deduplicated inserts alone, and of writes with log, index and dictionary.
   */
  alone: number;
  indexed: number;
}

export interface WritesResult {
  /** Deduplicated inserts alone, and writes with folding kept up: events a second. */
  insertsPerSecond: number;
  writesPerSecond: number;
  ratio: number;
  /** From the last write's return until nothing was left to fold, the longest, in milliseconds. */
  drainMsMax: number;
  /** The longest that a row of the log waited, as seen four times a second. */
  lagMsMax: number;
  wal: WalBytes[];
  indexerResidentMb: number;
}

/** A way to write, on a database of its own. */
interface Kind {
  db: Database;
  write: (events: readonly WritableEvent[]) => Promise<unknown>;
  /** Until all is done that follows from the writes. @returns how long, in milliseconds */
  settle: () => Promise<number>;
}

interface Written {
  events: number;
  ms: number;
  walBytes: number;
  settleMs: number;
}

/**
 * Writes new events with 2 connections and 5,000 a statement, once alone and once with the log and an indexer
 * (the built jetstream-writer, a process of its own), in turns, so that whatever else the machine does hits both.
 */
export async function benchWrites(
  servers: BenchServers,
  scale: WriteScale,
  progress: Progress,
): Promise<WritesResult> {
  const durable = await servers.startDurable(['postgres', 'nats']);
  const aloneUrl = await createDatabase(durable.postgresUrl, 'inserts_alone');
  const indexedUrl = await createDatabase(durable.postgresUrl, 'writes_indexed');
  const aloneDb = connectTo(aloneUrl, LANES + 1);
  const indexedDb = connectTo(indexedUrl, LANES + 2);
  const indexer = await startIndexerService(durable, indexedDb, {
    databaseUrl: indexedUrl,
    zones: scale.zones,
  });
  const traffic = liveTraffic(scale.users);
  try {
    // Makes the partitions, too.
    await writeEvents(aloneDb, traffic(1));
    const alone: Kind = {
      db: aloneDb,
      write: (events) => aloneDb.run((sql) => insertEventsAlone(sql, events, new Date().toISOString())),
      settle: () => Promise.resolve(0),
    };
    const indexed: Kind = {
      db: indexedDb,
      write: (events) => writeEvents(indexedDb, events),
      settle: () => logDrained(indexedDb),
    };
    const fast = await inTurns(scale, [alone, indexed], traffic, progress);
    const lagMsMax = indexer.peaks().recentLagMs;
    await leavePageImages(aloneDb);
    const wal = await walAtRates(scale, [alone, indexed], traffic, progress);
    await checkCounts(indexedDb);
    const [insertsPerSecond, writesPerSecond] = [perSecond(fast[0]), perSecond(fast[1])];
    return {
      insertsPerSecond,
      writesPerSecond,
      ratio: writesPerSecond / insertsPerSecond,
      drainMsMax: fast[1].settleMs,
      lagMsMax,
      wal,
      indexerResidentMb: indexer.peaks().residentMb,
    };
  } finally {
    await indexer.stop();
    await Promise.all([aloneDb.end({ timeout: 5 }), indexedDb.end({ timeout: 5 })]);
    await durable.stop();
  }
}

async function walAtRates(
  { rates, rateMs, sliceMs, sliceEventsMax }: WriteScale,
  [alone, indexed]: readonly [Kind, Kind],
  traffic: Traffic,
  progress: Progress,
): Promise<WalBytes[]> {
  progress('WAL at full rate');
  const full = { ms: sliceMs, eventsMax: sliceEventsMax };
  const wal = [walOf(undefined, [await slice(alone, traffic, full), await slice(indexed, traffic, full)])];
  for (const rate of rates) {
    progress(`WAL at ${String(rate)} events/s`);
    const [a, b] = [
      await atOneRate(alone, rate, rateMs, traffic),
      await atOneRate(indexed, rate, rateMs, traffic),
    ];
    wal.push(walOf(rate, [a, b]));
  }
  return wal;
}

/** For the rest of the server's life. */
async function leavePageImages(db: Database): Promise<void> {
  await db.run((sql) => sql.unsafe('ALTER SYSTEM SET full_page_writes = off'));
  await db.run((sql) => sql`SELECT pg_reload_conf()`);
  // The checkpointer is the one that has to know.
  await db.run((sql) => sql.unsafe('CHECKPOINT'));
}

async function inTurns(
  { slices, sliceMs, sliceEventsMax }: WriteScale,
  kinds: readonly [Kind, Kind],
  traffic: Traffic,
  progress: Progress,
): Promise<[Written, Written]> {
  for (const kind of kinds) await slice(kind, traffic, { ms: WARM_UP_MS, eventsMax: sliceEventsMax });
  const sums: [Written, Written] = [nothing(), nothing()];
  for (let i = 0; i < slices; i++) {
    for (const which of [0, 1] as const) {
      const written = await slice(kinds[which], traffic, { ms: sliceMs, eventsMax: sliceEventsMax });
      sums[which] = added(sums[which], written);
      const name = which === 0 ? 'inserts alone' : 'writes and index';
      progress(
        `${name}: ${Math.round(perSecond(written)).toLocaleString('en')} events/s, folded ${written.settleMs.toFixed(0)} ms after`,
      );
    }
  }
  return sums;
}

async function slice(
  { db, write, settle }: Kind,
  traffic: Traffic,
  { ms, eventsMax }: { ms: number; eventsMax: number },
): Promise<Written> {
  const walBefore = await walPosition(db);
  const beganMs = performance.now();
  let events = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - beganMs < ms && events < eventsMax) {
      events += STATEMENT_EVENTS;
      await write(traffic(STATEMENT_EVENTS));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const tookMs = performance.now() - beganMs;
  const settleMs = await settle();
  return { events, ms: tookMs, settleMs, walBytes: (await walPosition(db)) - walBefore };
}

async function atOneRate(
  { db, write, settle }: Kind,
  rate: number,
  ms: number,
  traffic: Traffic,
): Promise<Written> {
  const walBefore = await walPosition(db);
  const events = await atRate(
    rate,
    (elapsedMs) => elapsedMs >= ms,
    (due) => write(traffic(due)),
  );
  const settleMs = await settle();
  return { events, ms, settleMs, walBytes: (await walPosition(db)) - walBefore };
}

async function walPosition(db: Database): Promise<number> {
  const [row] = await db.run(
    (sql) => sql<{ bytes: string }[]>`SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes`,
  );
  return Number(row?.bytes ?? NaN);
}

const nothing = (): Written => ({ events: 0, ms: 0, walBytes: 0, settleMs: 0 });

function added(sum: Written, more: Written): Written {
  return {
    events: sum.events + more.events,
    ms: sum.ms + more.ms,
    walBytes: sum.walBytes + more.walBytes,
    settleMs: Math.max(sum.settleMs, more.settleMs),
  };
}

const perSecond = ({ events, ms }: Written): number => (1_000 * events) / ms;

function walOf(rate: number | undefined, [alone, indexed]: readonly [Written, Written]): WalBytes {
  return {
    perSecond: rate,
    alone: alone.walBytes / alone.events,
    indexed: indexed.walBytes / indexed.events,
  };
}
