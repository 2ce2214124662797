import { missedOf, type FigureBar } from '../bars.js';
import { median, ratio } from '../numbers.js';
import { SERVICES } from './end-to-end.js';
import type { GatewayFigures } from './gateway-alone.js';
import type { NaiveFigures, NaiveLoad } from './naive-services.js';
import type { BenchResult } from './result.js';

/** What issue 5 calls "Must reach". */
export const BARS: readonly FigureBar<BenchResult>[] = [
  {
    name: 'end to end / \\copy',
    atLeast: 0.3,
    unit: '×',
    figure: ({ sustained, copy }) => ratio(sustained?.eventsPerSecond, copy?.rowsPerSecond),
  },
  {
    name: 'log folded after the last answer',
    atMost: 1_000,
    unit: 'ms',
    figure: ({ sustained }) => sustained?.foldedMs,
  },
  {
    name: 'end to end / naive, pipelined',
    atLeast: 6,
    unit: '×',
    figure: (result) =>
      ratio(result.sustained?.eventsPerSecond, naiveBest(result, 'pipelined')?.load.eventsPerSecond),
  },
  {
    name: 'end to end / naive, awaited, one client',
    atLeast: 20,
    unit: '×',
    figure: (result) =>
      ratio(result.sustained?.eventsPerSecond, naiveBest(result, 'oneClient')?.load.eventsPerSecond),
  },
  {
    name: 'gateway alone / bare Express, events/s at batches of 100',
    atLeast: 0.25,
    unit: '×',
    figure: alone(100),
  },
  {
    name: 'gateway alone / bare Express, requests/s at batches of 1',
    atLeast: 0.7,
    unit: '×',
    figure: alone(1),
  },
  {
    name: 'freshness, p99',
    below: 1_000,
    unit: 'ms',
    figure: ({ freshness }) => freshness?.visibleMs.p99Ms,
  },
  { name: 'answers 5xx, and broken connections', atMost: 0, unit: 'requests', figure: failures },
  { name: 'memory of a service at the end / after 10 s', atMost: 1.2, unit: '×', figure: growth },
];

/** CPU that an event may take, in microseconds: what the prototype took. */
export const CPU_BUDGETS_MICROS: Readonly<Record<string, number>> = {
  gateway: 8,
  Redis: 4,
  NATS: 2,
  // The writer's 1.5, and 1 of the indexer in the same process.
  writer: 2.5,
  PostgreSQL: 15,
};

/** Each figure that misses its bar, in words. */
export const missedBars = (result: BenchResult): string[] => missedOf(BARS, result, 'issue 5, "Must reach"');

/** Its best turn: what else the machine does may slow one down, and must not make us look better. */
export function naiveBest({ naive }: BenchResult, which: NaiveLoad): NaiveFigures | undefined {
  return naive?.[which].reduce<NaiveFigures | undefined>(
    (best, turn) => (best && best.load.eventsPerSecond >= turn.load.eventsPerSecond ? best : turn),
    undefined,
  );
}

/** Each turn against the one beside it, and of these the one in the middle: noise hits both, or is left out. */
export function timesExpress({ timesExpress: times }: GatewayFigures): number | undefined {
  return times && median(times);
}

function alone(batchEvents: number) {
  return ({ gatewayAlone }: BenchResult): number | undefined => {
    const measured = gatewayAlone?.find((one) => one.batchEvents === batchEvents);
    return measured && timesExpress(measured);
  };
}

function failures(result: BenchResult): number | undefined {
  const loads = [
    ...[result.scenario, result.sustained, result.badInput, result.freshness, result.duplicates].map(
      (figures) => figures?.load.answers,
    ),
    ...(result.gatewayAlone ?? []).map(({ gateway }) => gateway.answers),
  ].filter((answers) => answers !== undefined);
  if (loads.length === 0) return undefined;
  return loads
    .flatMap((answers) => Object.entries(answers))
    .filter(([status]) => status === 'broken' || status.startsWith('5'))
    .reduce((sum, [, requests]) => sum + requests, 0);
}

function growth({ sustained }: BenchResult): number | undefined {
  const { resident } = sustained ?? {};
  if (resident === undefined) return undefined;
  return Math.max(
    ...SERVICES.map((name) => (resident[name]?.lateBytes ?? NaN) / (resident[name]?.earlyBytes ?? NaN)),
  );
}
