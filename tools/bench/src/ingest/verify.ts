import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@event-analytics/timescale';
import { logIsEmpty } from '../database.js';
import { createHttpClient, type HttpClient } from '../queries/http-timing.js';
import type { Progress } from '../queries/progress.js';
import type { EndToEnd } from './end-to-end.js';
import { ID_SUM_MODULUS, type Ledger } from './load/ledger.js';

/** What was acknowledged and what is counted are not the same: the promise is broken, and no figure is worth anything. */
export class NotCountedExactly extends Error {
  override name = 'NotCountedExactly';
}

export interface Counted {
  /** When the statistics counted everything, and when nothing was left to fold, by performance.now(). */
  statisticsAtMs: number;
  foldedAtMs: number;
}

const POLL_MS = 20;
const COUNTED_MS_MAX = 120_000;
const SAY_MS = 10_000;
const DAY_MS = 86_400_000;

/**
 * Waits until the statistics count as many events as were acknowledged and the log is folded.
 * @throws NotCountedExactly when they count more, or not as many within two minutes
 */
export async function untilCounted(
  { stats, db }: EndToEnd,
  ledger: Ledger,
  progress: Progress,
): Promise<Counted> {
  const beganMs = performance.now();
  const client = createHttpClient(stats.url);
  const counted: Partial<Counted> = {};
  let sayAtMs = beganMs + SAY_MS;
  try {
    while (counted.statisticsAtMs === undefined || counted.foldedAtMs === undefined) {
      const [events, folded] = await Promise.all([
        typesCounted(client, ledger).then((types) => types.reduce((sum, { count }) => sum + count, 0)),
        logIsEmpty(db),
      ]);
      const nowMs = performance.now();
      if (events > ledger.events)
        throw new NotCountedExactly(`${String(events)} counted, ${String(ledger.events)} acknowledged`);
      if (events === ledger.events) {
        counted.statisticsAtMs ??= nowMs;
        // Empty before all was written says nothing.
        if (folded) counted.foldedAtMs ??= nowMs;
      }
      if (nowMs > sayAtMs) {
        sayAtMs += SAY_MS;
        progress(
          `${String(events)} of ${String(ledger.events)} counted, the log is ${folded ? '' : 'not '}empty`,
        );
      }
      if (nowMs - beganMs > COUNTED_MS_MAX)
        throw new NotCountedExactly(
          `after ${String(COUNTED_MS_MAX / 1_000)} s ${String(events)} of ${String(ledger.events)} are counted, ${String((await storedEvents(db))['rows'])} are in the database, the log is ${folded ? '' : 'not '}empty`,
        );
      await sleep(POLL_MS);
    }
    return { statisticsAtMs: counted.statisticsAtMs, foldedAtMs: counted.foldedAtMs };
  } finally {
    client.close();
  }
}

/**
 * Every statistic and the table of events against the ledger.
 * @throws NotCountedExactly when one of them differs by one
 */
export async function verifyExactly({ stats, db }: EndToEnd, ledger: Ledger): Promise<void> {
  const client = createHttpClient(stats.url);
  try {
    const types = (await typesCounted(client, ledger)).map(
      ({ event_type, count, users }) => [event_type, { count, users }] as const,
    );
    same('events and users by type in /stats/top-events', Object.fromEntries(types), ledger.types);
    const dau = (await getJson(client, `/stats/dau?${rangeOf(ledger)}`)) as {
      days: { date: string; active_users: number }[];
    };
    const days = dau.days
      .filter(({ active_users }) => active_users > 0)
      .map(({ date, active_users }) => [date, active_users] as const);
    same('users by day in /stats/dau', Object.fromEntries(days), ledger.days);
    same('events in the database', await storedEvents(db), {
      rows: ledger.events,
      // As many distinct ids as rows: no key can be there twice.
      ids: ledger.events,
      idSum: ledger.idSum,
    });
  } finally {
    client.close();
  }
}

export interface TypeCount {
  event_type: string;
  count: number;
  users: number;
}

export async function typesCounted(client: HttpClient, { days }: Pick<Ledger, 'days'>): Promise<TypeCount[]> {
  const { events } = (await getJson(client, `/stats/top-events?${rangeOf({ days })}&limit=1000`)) as {
    events: TypeCount[];
  };
  return events;
}

async function getJson(client: HttpClient, path: string): Promise<unknown> {
  const { status, text } = await client.get(path);
  if (status !== 200) throw new Error(`stats-api answered ${String(status)} to ${path}: ${text}`);
  return JSON.parse(text);
}

/** A day more on both sides: what does not belong there is to be seen. */
function rangeOf({ days }: Pick<Ledger, 'days'>): string {
  const all = [...Object.keys(days), new Date().toISOString().slice(0, 10)].sort();
  const day = (date: string | undefined, by: number) =>
    new Date(Date.parse(`${date ?? ''}T00:00:00Z`) + by * DAY_MS).toISOString().slice(0, 10);
  return `from=${day(all[0], -1)}&to=${day(all.at(-1), 1)}`;
}

async function storedEvents(db: Database): Promise<Record<string, number>> {
  const [row] = await db.run(
    (sql) => sql<Record<'rows' | 'ids' | 'idSum', string>[]>`
      SELECT count(*) AS rows, count(DISTINCT event_id) AS ids,
        coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) % ${ID_SUM_MODULUS} AS "idSum"
      FROM events`,
  );
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
}

function same(
  what: string,
  actual: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): void {
  const names = [...new Set([...Object.keys(actual), ...Object.keys(expected)])].sort();
  for (const name of names) {
    const [is, wanted] = [JSON.stringify(actual[name]), JSON.stringify(expected[name])];
    if (is !== wanted)
      throw new NotCountedExactly(
        `${what}: ${name} is ${is ?? 'missing'}, the ledger has ${wanted ?? 'none'}`,
      );
  }
}
