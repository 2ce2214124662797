import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '@event-analytics/testkit';
import type { LedgerCheck } from '../check-ledger.js';
import { answersOf, endedMs, type Answer, type Ledger } from '../ledger.js';
import { startWorld } from '../world.js';
import { assemble, COMPONENTS, killsIn, type Component } from './cast.js';
import { number, seconds } from './figures.js';
import { makeFault } from './make-fault.js';
import { describeFault, planFaults, type Fault } from './plan-faults.js';
import { watchStats } from './watch-stats.js';

export interface SoakOptions {
  minutes: number;
  seed: number;
  connections: number;
  /** Told of each fault as it begins, and now and then of how far it is. */
  log: (line: string) => void;
  /** Aborted: the faults end early, what was sent until then is checked. */
  signal: AbortSignal;
}

export interface SoakResult {
  seed: number;
  minutes: number;
  requests: number;
  answers: [Answer, number][];
  kills: Record<Component, number>;
  /** Faults that are no kills, by kind. */
  others: Record<string, number>;
  statsAnswers: [Answer, number][];
  /** From the end of a fault that hit NATS alone to the next 202; milliseconds. */
  backAfterMs: Record<NatsFault, number[]>;
  drainedMs: number;
  check: LedgerCheck;
  /** Of the ledger check and of the bars below; empty: all of it holds. */
  violations: string[];
}

/** NATS itself was away, or the cable to it was damaged: a connection that is silent is given up only after a while. */
export const NATS_FAULTS = ['NATS', 'its cable'] as const;
export type NatsFault = (typeof NATS_FAULTS)[number];

/** Rows 5 and 7 of the table of faults. */
const BACK_MS_MAX: Record<NatsFault, number> = { NATS: 5_000, 'its cable': 15_000 };
const DRAINED_MS_MAX = 60_000;
const PROGRESS_EVERY_MS = 15_000;

/** Real services and servers under load and random faults for so many minutes; then all heals, and is counted. */
export async function runSoak(o: SoakOptions): Promise<SoakResult> {
  const world = await startWorld({
    seed: o.seed,
    env: { REPORTING_TIMEZONES: 'UTC,America/New_York' },
  });
  try {
    const cast = await assemble(world);
    const kills = Object.fromEntries(COMPONENTS.map((c) => [c, 0])) as Record<Component, number>;
    const others: Record<string, number> = {};
    const backAfterMs: Record<NatsFault, number[]> = { NATS: [], 'its cable': [] };
    const stats = watchStats(world.stats.url);
    const load = world.load({
      gatewayUrls: cast.gatewayUrls,
      connections: o.connections,
      pauseMs: 40,
      giveUpAfterMs: 120_000,
    });
    const progress = setInterval(() => {
      const { requests, acknowledged } = load.ledger;
      o.log(
        `${number(requests.length)} requests, ${number(acknowledged.size)} events acknowledged, ${killsIn(kills)} kills`,
      );
    }, PROGRESS_EVERY_MS);

    const endMs = performance.now() + o.minutes * 60_000;
    for (const step of planFaults(createRandom(o.seed))) {
      if (performance.now() >= endMs || o.signal.aborted) break;
      await Promise.all(step.faults.map(one));
      const [only, another] = step.faults;
      const hit = only && !another ? natsFaultOf(only) : undefined;
      if (hit) backAfterMs[hit].push(await nextAcknowledgedMs(load.ledger));
      await sleep(step.thenQuietMs);
    }
    clearInterval(progress);
    await load.finish();
    await world.heal();
    const { answers: statsAnswers, unexpected } = await stats.stop();

    o.log('the load has ended; waiting until all of it is stored and indexed');
    const drainingMs = performance.now();
    await world.drained(4 * DRAINED_MS_MAX);
    const drainedMs = performance.now() - drainingMs;
    o.log('counting');
    const check = await world.check();

    const answers = [...answersOf(load.ledger)];
    const odd = answers.filter(([answer]) => answer !== 202 && answer !== 503 && answer !== 'no answer');
    const violations = [
      ...check.violations,
      ...odd.map(([answer, n]) => `${n} requests were answered ${answer}`),
      ...(unexpected > 0
        ? [`${unexpected} questions for statistics failed though nothing of theirs was hit`]
        : []),
      ...lateBack(backAfterMs),
      ...(drainedMs > DRAINED_MS_MAX
        ? [`${seconds(drainedMs)} until the backlog was stored (at most 60 s)`]
        : []),
    ];
    return {
      seed: o.seed,
      minutes: o.minutes,
      requests: load.ledger.requests.length,
      answers,
      kills,
      others,
      statsAnswers: [...statsAnswers],
      backAfterMs,
      drainedMs,
      check,
      violations,
    };

    async function one(fault: Fault): Promise<void> {
      o.log(describeFault(fault));
      stats.faultBegins(fault);
      await makeFault(fault, world, cast);
      stats.faultEnds(fault);
      if (fault.kind === 'kill') kills[fault.component] += 1;
      else others[fault.kind] = (others[fault.kind] ?? 0) + 1;
    }
  } finally {
    await world.stop();
  }
}

function natsFaultOf(fault: Fault): NatsFault | undefined {
  if ('component' in fault && fault.component === 'NATS') return 'NATS';
  return 'link' in fault && fault.link === 'gatewayToNats' ? 'its cable' : undefined;
}

function lateBack(backAfterMs: SoakResult['backAfterMs']): string[] {
  return NATS_FAULTS.flatMap((hit) => {
    const longestMs = Math.max(0, ...backAfterMs[hit]);
    if (longestMs <= BACK_MS_MAX[hit]) return [];
    return [
      `${seconds(longestMs)} until ingest was back after ${hit} was (at most ${seconds(BACK_MS_MAX[hit])})`,
    ];
  });
}

/** How long until a request that began after now is answered 202. */
async function nextAcknowledgedMs({ requests }: Ledger): Promise<number> {
  const sinceMs = performance.now();
  for (let seen = requests.length; ;) {
    await sleep(20);
    for (; seen < requests.length; seen += 1) {
      const request = requests[seen];
      if (request && request.answer === 202 && request.startedMs >= sinceMs) {
        return endedMs(request) - sinceMs;
      }
    }
  }
}
