import { barsLines } from '../bars.js';
import { count, ratio, short, times } from '../numbers.js';
import { table } from '../report-table.js';
import { BARS, CPU_BUDGETS_MICROS, naiveBest, timesExpress } from './bars.js';
import { machineText } from './describe-servers.js';
import { NAIVE_LOADS, NAIVE_NAMES, type NaiveLoad } from './naive-services.js';
import { REST } from './process-usage.js';
import type { BenchResult } from './result.js';
import type { EndToEndFigures } from './sustained.js';

const MIB = 1_024 ** 2;
/** More of the machine than this, taken by others, is said. */
const NOISE_SHARE_MAX = 0.1;

/** The result for reading. */
export function reportOf(result: BenchResult): string {
  const { machine, options } = result;
  return [
    `${count(options.batchEvents)} events a request, ${count(options.connections)} connections, ${count(options.users)} users; ${machineText(machine)}; ${count(Math.round(result.seconds))} s in all`,
    ...endToEndLines(result),
    ...gatewayLines(result),
    ...cpuLines(result),
    ...detailLines(result),
    ...barsLines(BARS, result),
  ].join('\n');
}

function endToEndLines(result: BenchResult): string[] {
  const { sustained, scenario, badInput, freshness, duplicates, copy } = result;
  const own = (name: string, figures: EndToEndFigures | undefined) =>
    figures === undefined ? [] : [[name, ...endToEndCells(figures)]];
  const other = (
    name: string,
    events: number | undefined,
    perSecond: number | undefined,
    load?: EndToEndFigures['load'],
  ) =>
    events === undefined || perSecond === undefined
      ? []
      : [
          [
            name,
            count(events),
            rate(perSecond),
            ...(load ? latencyCells(load) : ['', '', '']),
            '',
            '',
            times(ratio(sustained?.eventsPerSecond, perSecond)),
          ],
        ];
  const naive = (which: NaiveLoad) => {
    const load = naiveBest(result, which)?.load;
    return other(NAIVE_NAMES[which], load?.events, load?.eventsPerSecond, load);
  };
  const rows = [
    ...own(`${count(scenario?.load.events ?? 0)} events`, scenario),
    ...own(`sustained, ${short(sustained?.load.seconds ?? 0)} s`, sustained),
    ...own('with bad input', badInput),
    ...own('half of them resent', duplicates),
    ...own('at half the rate', freshness),
    ...other('\\copy of the same rows', copy?.rows, copy?.rowsPerSecond),
    ...NAIVE_LOADS.flatMap(naive),
  ];
  if (rows.length === 0) return [];
  return [
    '',
    ...table([
      [
        'until counted in /stats',
        'events',
        'events/s',
        'mean ms',
        'p50 ms',
        'p99 ms',
        'counted after',
        'folded after',
        'sustained / it',
      ],
      ...rows,
    ]),
  ];
}

function endToEndCells(figures: EndToEndFigures): string[] {
  return [
    count(figures.load.events),
    rate(figures.eventsPerSecond),
    ...latencyCells(figures.load),
    `${short(figures.statisticsMs)} ms`,
    `${short(figures.foldedMs)} ms`,
  ];
}

const latencyCells = ({ latencyMs: { mean, p50, p99 } }: EndToEndFigures['load']): string[] =>
  [mean, p50, p99].map(short);

function gatewayLines({ gatewayAlone }: BenchResult): string[] {
  if (gatewayAlone === undefined) return [];
  const rows = gatewayAlone.map((one) => {
    const { batchEvents, gateway, bareExpress } = one;
    return [
      count(batchEvents),
      rate(gateway.eventsPerSecond),
      rate(gateway.requestsPerSecond),
      short(gateway.latencyMs.p50),
      short(gateway.latencyMs.p99),
      ...(bareExpress
        ? [rate(bareExpress.eventsPerSecond), rate(bareExpress.requestsPerSecond), times(timesExpress(one))]
        : ['', '', '']),
      ...['gateway', 'Redis', 'NATS', 'load'].map((name) => short0(gateway.cpuMicros?.[name])),
      short0(bareExpress?.cpuMicros?.['Express']),
    ];
  });
  return [
    '',
    ...table([
      [
        'gateway alone, batches of',
        'events/s',
        'requests/s',
        'p50 ms',
        'p99 ms',
        'Express: events/s',
        'requests/s',
        'ours / it',
        'µs an event: gateway',
        'Redis',
        'NATS',
        'load',
        'Express',
      ],
      ...rows,
    ]),
  ];
}

function cpuLines(result: BenchResult): string[] {
  const { scenario, sustained, badInput, freshness, duplicates } = result;
  const columns = [
    ['sustained', sustained?.cpuMicros],
    ['scenario', scenario?.cpuMicros],
    ['bad input', badInput?.cpuMicros],
    ['half rate', freshness?.cpuMicros],
    ['resent', duplicates?.cpuMicros],
    ...NAIVE_LOADS.map((which) => [NAIVE_NAMES[which], naiveBest(result, which)?.cpuMicros] as const),
  ] as const;
  const measured = columns.flatMap(([name, micros]) => (micros === undefined ? [] : [{ name, micros }]));
  if (measured.length === 0) return [];
  const names = [...new Set(measured.flatMap(({ micros }) => Object.keys(micros)))].filter(
    (name) => name !== REST,
  );
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return [
    '',
    ...table([
      ['CPU, µs an event', 'budget', ...measured.map(({ name }) => name)],
      ...names.map((name) => [
        name === 'service' ? 'naive service' : name,
        short0(CPU_BUDGETS_MICROS[name]),
        ...measured.map(({ micros }) => short0(micros[name])),
      ]),
      [
        'all',
        short(sum(Object.values(CPU_BUDGETS_MICROS))),
        ...measured.map(({ micros }) => short(sum(names.map((name) => micros[name] ?? 0)))),
      ],
      [REST, '', ...measured.map(({ micros }) => short0(micros[REST]))],
    ]),
  ];
}

function detailLines({
  machine,
  sustained,
  freshness,
  duplicates,
  badInput,
  counted,
}: BenchResult): string[] {
  const lines: string[] = [];
  if (sustained?.resident) {
    const of = Object.entries(sustained.resident).map(
      ([name, { earlyBytes, lateBytes }]) => `${name} ${mib(earlyBytes)} → ${mib(lateBytes)}`,
    );
    lines.push(`memory after 10 s → at the end, MiB: ${of.join(', ')}`);
  }
  const noise = restShare(sustained, machine.cores);
  if (noise > NOISE_SHARE_MAX)
    lines.push(
      `others took ${short(100 * noise)} % of the machine during the sustained load: the figures are too low, and the ratios doubtful`,
    );
  if (freshness) {
    const { visibleMs, eventsPerSecondWanted, load } = freshness;
    lines.push(
      `freshness: ${count(visibleMs.requests)} events at ${rate(load.eventsPerSecond)} events/s (${rate(eventsPerSecondWanted)} wanted) seen in /stats after p50 ${short(visibleMs.p50Ms)} ms, p99 ${short(visibleMs.p99Ms)} ms, max ${short(visibleMs.maxMs)} ms`,
    );
  }
  if (duplicates) {
    const { eventsSent, events, accepted } = duplicates.load;
    lines.push(
      `resent: ${count(eventsSent)} events sent, ${count(events)} of them new, ${count(events)} counted; the answers called ${count(accepted)} accepted`,
    );
  }
  if (badInput) {
    const kinds = Object.entries(badInput.badAnswers).map(
      ([name, { status, requests }]) => `${name}: ${String(status)} × ${count(requests)}`,
    );
    lines.push(
      `bad input: ${count(badInput.load.rejected)} of ${count(badInput.load.eventsSent)} events rejected by name, all others counted; ${kinds.join('; ')}`,
    );
  }
  if (counted.events > 0)
    lines.push(
      `all ${count(counted.events)} events that were acknowledged are in the database once, and in the statistics: by type, user and day`,
    );
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Of all cores, what was none of ours while the load lasted; 0 where it is not known. */
function restShare(figures: EndToEndFigures | undefined, cores: number): number {
  const micros = figures?.cpuMicros?.[REST];
  return figures === undefined || micros === undefined
    ? 0
    : (micros * figures.load.events) / 1_000_000 / figures.seconds / cores;
}

const rate = (value: number): string => count(Math.round(value));
const short0 = (value: number | undefined): string => (value === undefined ? '' : short(value));
const mib = (bytes: number): string => short(bytes / MIB);
