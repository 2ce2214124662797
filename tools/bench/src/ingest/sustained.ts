import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../queries/progress.js';
import { SERVICES, type EndToEnd } from './end-to-end.js';
import type { LoadGenerator } from './load/load-client.js';
import type { LoadFigures, LoadPlan } from './load/protocol.js';
import { cpuMicrosPerEvent, type UsageByName, type UsageMeter } from './process-usage.js';
import { untilCounted, verifyExactly } from './verify.js';

/** Sent, stored, and counted by the statistics, each event once. */
export interface EndToEndFigures {
  load: LoadFigures;
  /** From the first request until the statistics counted the last event. */
  seconds: number;
  eventsPerSecond: number;
  /** From the last answer until the statistics counted everything, and until nothing was left to fold. */
  statisticsMs: number;
  foldedMs: number;
  /** Microseconds an event by process; absent without /proc. */
  cpuMicros?: Record<string, number>;
  /** Bytes of each service after 10 s and at the end of the load; absent without /proc, or when it was shorter. */
  resident?: Record<string, { earlyBytes: number; lateBytes: number }>;
  /** When it began, and until when: RFC 3339, as the rows' received_at. */
  from: string;
  to: string;
}

export interface Measuring {
  load: LoadGenerator;
  meter: UsageMeter | undefined;
  progress: Progress;
}

export type EndToEndPlan = Omit<LoadPlan, 'port' | 'counted'>;
/** Runs while the load does, and ends with it; what it sends on its own it adds to the ledger. */
export type Beside = (ended: Promise<unknown>) => Promise<void>;

const EARLY_MS = 10_000;

/** @throws NotCountedExactly */
export async function runEndToEnd(
  system: EndToEnd,
  { load, meter, progress }: Measuring,
  plan: EndToEndPlan,
  beside: Beside = () => Promise.resolve(),
): Promise<EndToEndFigures> {
  await load.prepare(plan);
  await system.db.run((sql) => sql`CHECKPOINT`);
  const from = new Date().toISOString();
  const before = meter?.read(system.pids());
  const beganMs = performance.now();
  const sending = load.send({ ...plan, port: system.gateway.port, counted: true });
  const early = readEarly(system, meter, sending);
  const sent = sending.then((figures) => ({
    figures,
    endedMs: performance.now(),
    late: meter?.read(system.pids()),
  }));
  const [{ figures, endedMs, late }] = await Promise.all([sent, beside(sending.catch(() => undefined))]);
  const ledger = await system.ledger();
  const counted = await untilCounted(system, ledger, progress);
  const seconds = (counted.statisticsAtMs - beganMs) / 1_000;
  const after = meter?.read(system.pids());
  await verifyExactly(system, ledger);
  const resident = residentOf(await early, late);
  return {
    load: figures,
    seconds,
    eventsPerSecond: figures.events / seconds,
    statisticsMs: counted.statisticsAtMs - endedMs,
    foldedMs: counted.foldedAtMs - endedMs,
    ...(before && after && { cpuMicros: cpuMicrosPerEvent(before, after, figures.events) }),
    ...(resident && { resident }),
    from,
    to: new Date().toISOString(),
  };
}

async function readEarly(
  system: EndToEnd,
  meter: UsageMeter | undefined,
  sending: Promise<unknown>,
): Promise<UsageByName | undefined> {
  const stopped = new AbortController();
  const ended = sending.then(
    () => false,
    () => false,
  );
  const due = sleep(EARLY_MS, true, { signal: stopped.signal }).catch(() => false);
  const isDue = await Promise.race([due, ended]);
  stopped.abort();
  return isDue ? meter?.read(system.pids()) : undefined;
}

function residentOf(early: UsageByName | undefined, late: UsageByName | undefined) {
  if (early === undefined || late === undefined) return undefined;
  return Object.fromEntries(
    SERVICES.map((name) => [
      name,
      {
        earlyBytes: early[name]?.residentBytes ?? NaN,
        lateBytes: late[name]?.residentBytes ?? NaN,
      },
    ]),
  );
}
