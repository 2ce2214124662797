import { once } from 'node:events';
import type { Database } from '@event-analytics/timescale';
import { COPIED_COLUMNS } from '../database.js';
import { createRowMaker, type RowMaker, type Stretch } from './copy-rows.js';
import { skewedPopulation, uniformPopulation } from './population.js';
import type { Progress } from './progress.js';

const DAY_MS = 86_400_000;
const SEED = 20_240_304;
/** Connections that copy at once, each the next stretch of days: in order but for that. */
const LANES = 2;
/** A transaction's worth: what is thin goes by many days at once. */
const STRETCH_EVENTS_MIN = 100_000;
const PROGRESS_MS = 10_000;

/** Whole days (UTC): the range that is asked about, and before it the history, in which events are thin. */
export interface DataShape {
  /** The first instant after the range. */
  endMs: number;
  /** In the range. */
  events: number;
  users: number;
  days: number;
  historyDays: number;
  /** In all of the history. */
  historyEvents: number;
  uniform: boolean;
}

export const rangeStartMs = ({ endMs, days }: DataShape): number => endMs - days * DAY_MS;

/** Puts events straight into the table, past the log: what an index is then built from. */
export function createLoader(db: Database, shape: DataShape, progress: Progress) {
  const { users } = shape;
  const population = shape.uniform ? uniformPopulation(users) : skewedPopulation(users);
  const rows = createRowMaker({ population, users, seed: SEED });
  return {
    /** @returns how long it took, in milliseconds */
    range: () => load(rangeStretches(shape)),
    history: () => load(historyStretches(shape)),
  };

  async function load(stretches: readonly Stretch[]): Promise<number> {
    const beganMs = performance.now();
    const events = stretches.reduce((sum, stretch) => sum + stretch.events, 0);
    await makePartitions(db, stretches);
    let next = 0;
    let loaded = 0;
    const tell = setInterval(
      () => progress(`loaded ${loaded.toLocaleString('en')} of ${events.toLocaleString('en')} events`),
      PROGRESS_MS,
    );
    const lane = async (): Promise<void> => {
      for (let stretch = stretches[next++]; stretch !== undefined; stretch = stretches[next++]) {
        await copy(db, rows, stretch);
        loaded += stretch.events;
      }
    };
    try {
      await Promise.all(Array.from({ length: LANES }, lane));
    } finally {
      clearInterval(tell);
    }
    // What a server does by itself in time: without it the first reads pay for it.
    await db.run((sql) => sql.unsafe('VACUUM (ANALYZE) events'));
    return performance.now() - beganMs;
  }
}

async function copy(db: Database, rows: RowMaker, stretch: Stretch): Promise<void> {
  await db.run(async (sql) => {
    const into = await sql.unsafe(`COPY events (${COPIED_COLUMNS}) FROM STDIN (FORMAT binary)`).writable();
    const done = once(into, 'finish');
    for (const chunk of rows.rows(stretch)) {
      if (!into.write(chunk)) await Promise.race([once(into, 'drain'), done]);
    }
    into.end();
    await done;
  });
}

function rangeStretches(shape: DataShape): Stretch[] {
  return stretchesOf({ startMs: rangeStartMs(shape), days: shape.days, events: shape.events, atStart: 0 });
}

function historyStretches(shape: DataShape): Stretch[] {
  const { historyDays: days, historyEvents: events } = shape;
  return stretchesOf({ startMs: rangeStartMs(shape) - days * DAY_MS, days, events, atStart: -1 });
}

/** @param atStart where a population is at the beginning; at the end it is one further */
function stretchesOf(o: { startMs: number; days: number; events: number; atStart: number }): Stretch[] {
  const perDay = o.events / o.days;
  const daysEach = Math.max(1, Math.ceil(STRETCH_EVENTS_MIN / perDay));
  const stretches: Stretch[] = [];
  for (let first = 0; first < o.days; first += daysEach) {
    const end = Math.min(o.days, first + daysEach);
    stretches.push({
      startMs: o.startMs + first * DAY_MS,
      days: end - first,
      events: Math.round(end * perDay) - Math.round(first * perDay),
      at: [o.atStart + first / o.days, o.atStart + end / o.days],
      stream: Math.floor(o.startMs / DAY_MS) + first,
    });
  }
  return stretches;
}

/** Beforehand, for COPY makes none: months, or on TimescaleDB chunks, of which a week hits every one. */
export async function makePartitions(
  db: Database,
  stretches: readonly Pick<Stretch, 'startMs' | 'days'>[],
): Promise<void> {
  const startMs = stretches[0]?.startMs ?? 0;
  const last = stretches.at(-1);
  const endMs = last === undefined ? 0 : last.startMs + last.days * DAY_MS;
  const [storage] = await db.run((sql) => sql<{ kind: string }[]>`SELECT kind FROM event_storage`);
  const starts = new Set<string>();
  for (let ms = startMs; ms < endMs; ms += DAY_MS) {
    const date = new Date(ms).toISOString().slice(0, 10);
    if (storage?.kind === 'partitions') starts.add(`${date.slice(0, 7)}-01`);
    else if ((ms - startMs) % (7 * DAY_MS) === 0 || ms + DAY_MS >= endMs) starts.add(date);
  }
  const all = [...starts];
  for (let at = 0; at < all.length; at += 24) {
    const some = `{${all.slice(at, at + 24).join(',')}}`;
    await db.run((sql) => sql`SELECT events_make_partitions(${some}::date[])`);
  }
}
