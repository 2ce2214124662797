import { count } from '../numbers.js';
import { sendBadRequests, type BadAnswers } from './bad-requests.js';
import { createCopyYardstick, type CopyFigures, type CopyYardstick } from './copy-rows.js';
import { startEndToEnd } from './end-to-end.js';
import { NAIVE_LOADS, NAIVE_NAMES, startNaiveServices, type NaiveServices } from './naive-services.js';
import type { BenchOptions, Part } from './options.js';
import { probeFreshness, type Freshness } from './probes.js';
import type { BenchResult } from './result.js';
import type { Stack } from './stack.js';
import {
  runEndToEnd,
  type Beside,
  type EndToEndFigures,
  type EndToEndPlan,
  type Measuring,
} from './sustained.js';

/** What each load lasts, of the sustained one. */
export const SHARES = { freshness: 1 / 2, badInput: 1 / 4, duplicates: 1 / 4, naive: 1 / 8 } as const;
const SECONDS_MIN = 1;
const WARM_UP_SECONDS = 3;

type Results = Pick<
  BenchResult,
  'scenario' | 'sustained' | 'copy' | 'naive' | 'badInput' | 'freshness' | 'duplicates' | 'counted'
>;

/** All that goes through to the statistics, with the yardsticks in between, so that noise hits both. */
export async function benchThroughAll(
  stack: Stack,
  measuring: Measuring,
  options: BenchOptions,
): Promise<Results> {
  const { progress } = measuring;
  const { batchEvents, connections, seconds } = options;
  const wants = (part: Part) => options.parts.includes(part);
  const plan = { batchEvents, connections, withInvalid: false, ids: 'new' } as const;
  const lasting = (share: number) => ({ ...plan, seconds: Math.max(SECONDS_MIN, seconds * share) });
  const results: Results = { counted: { events: 0 } };

  const system = await startEndToEnd(stack, measuring.load);
  let copies: CopyYardstick | undefined;
  let naive: NaiveServices | undefined;
  try {
    if (wants('copy')) copies = await createCopyYardstick(stack, system);
    if (wants('copy') && copies === undefined) progress('no psql beside the server: \\copy is left out');
    if (wants('naive')) naive = await startNaiveServices(stack, measuring, lasting(0));

    await copyOf(await run('warm-up', { ...plan, seconds: Math.min(WARM_UP_SECONDS, seconds) }));
    if (wants('scenario')) {
      const requests = Math.ceil(options.events / batchEvents);
      results.scenario = await run('scenario', { ...plan, requests });
      await copyOf(results.scenario);
    }
    await naiveTurn();
    if (wants('sustained')) {
      results.sustained = await run('sustained', lasting(1));
      const copy = await copyOf(results.sustained);
      if (copy) results.copy = copy;
    }
    await naiveTurn();
    if (wants('bad-input')) results.badInput = await withBadInput();
    if (wants('freshness')) results.freshness = await atHalfTheRate();
    if (wants('duplicates'))
      results.duplicates = await run('half resent', { ...lasting(SHARES.duplicates), ids: 'resent' });
    results.counted.events = (await system.ledger()).events;
    return results;
  } finally {
    await naive?.stop();
    await system.stop();
  }

  async function run(name: string, load: EndToEndPlan, beside?: Beside): Promise<EndToEndFigures> {
    const figures = await runEndToEnd(system, measuring, load, beside);
    progress(
      `${name}: ${count(figures.load.events)} events, ${rate(figures.eventsPerSecond)}, counted exactly ${figures.statisticsMs.toFixed(0)} ms after the end`,
    );
    return figures;
  }

  async function copyOf({ from, to, load }: EndToEndFigures): Promise<CopyFigures | undefined> {
    const figures = await copies?.copy({ from, to, events: load.events });
    if (figures) progress(`\\copy: ${count(figures.rows)} rows, ${rate(figures.rowsPerSecond)}`);
    return figures;
  }

  async function naiveTurn(): Promise<void> {
    if (naive === undefined) return;
    results.naive ??= { pipelined: [], awaited: [], oneClient: [] };
    for (const which of NAIVE_LOADS) {
      const figures = await naive.run(which, lasting(SHARES.naive));
      results.naive[which].push(figures);
      progress(`${NAIVE_NAMES[which]}: ${rate(figures.load.eventsPerSecond)}`);
    }
  }

  async function withBadInput() {
    let badAnswers: BadAnswers = {};
    const load = { ...lasting(SHARES.badInput), withInvalid: true };
    const figures = await run('with bad input', load, async (ended) => {
      badAnswers = await sendBadRequests(system.gateway.url, ended);
    });
    return { ...figures, badAnswers };
  }

  async function atHalfTheRate() {
    const full = results.sustained ?? (await run('at the full rate', lasting(SHARES.freshness)));
    const eventsPerSecondWanted = full.eventsPerSecond / 2;
    let seen: Freshness = { visibleMs: { requests: 0, p50Ms: NaN, p99Ms: NaN, maxMs: NaN } };
    const load = { ...lasting(SHARES.freshness), eventsPerSecond: eventsPerSecondWanted };
    const figures = await run('at half the rate', load, async (ended) => {
      const { freshness, acknowledged } = await probeFreshness(system, ended);
      system.alsoAcknowledged(acknowledged);
      seen = freshness;
    });
    return { ...figures, ...seen, eventsPerSecondWanted };
  }
}

const rate = (perSecond: number): string => `${count(Math.round(perSecond))} events/s`;
