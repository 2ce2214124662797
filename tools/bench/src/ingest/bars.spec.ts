import { missedBars } from './bars.js';
import { reportOf } from './report.js';
import type { BenchResult } from './result.js';
import type { EndToEndFigures } from './sustained.js';

const load = (perSecond: number): EndToEndFigures['load'] => ({
  seconds: 10,
  requests: perSecond / 10,
  events: perSecond * 10,
  eventsSent: perSecond * 10,
  eventsPerSecond: perSecond,
  requestsPerSecond: perSecond / 100,
  latencyMs: { mean: 1, p50: 1, p99: 2, max: 3 },
  answers: { 202: perSecond / 10 },
  accepted: perSecond * 10,
  duplicates: 0,
  rejected: 0,
});

const endToEnd = (perSecond: number): EndToEndFigures => ({
  load: load(perSecond),
  seconds: 10,
  eventsPerSecond: perSecond,
  statisticsMs: 900,
  foldedMs: 1_000,
  cpuMicros: { gateway: 8, PostgreSQL: 15 },
  resident: {
    gateway: { earlyBytes: 100, lateBytes: 120 },
    writer: { earlyBytes: 100, lateBytes: 90 },
    'stats-api': { earlyBytes: 100, lateBytes: 100 },
  },
  from: '',
  to: '',
});

const alone = (perSecond: number) => ({
  eventsPerSecond: perSecond,
  requestsPerSecond: perSecond,
  latencyMs: { mean: 1, p50: 1, p99: 2, max: 3 },
  answers: { 202: 1 },
});

/** Everything exactly at its bar. */
const atTheBars = (): BenchResult => ({
  machine: {
    cpu: 'a processor',
    cores: 2,
    memoryBytes: 1,
    node: '',
    postgres: '',
    storage: '',
    redis: '',
    nats: '',
    processUsage: true,
  },
  options: {
    events: 1,
    seconds: 1,
    users: 1,
    connections: 1,
    batchEvents: 100,
    quick: false,
    parts: [],
  },
  sustained: endToEnd(60_000),
  copy: { rows: 1, seconds: 1, rowsPerSecond: 200_000 },
  naive: {
    pipelined: [{ load: load(10_000) }, { load: load(5_000) }],
    awaited: [{ load: load(60_000) }],
    oneClient: [{ load: load(3_000) }],
  },
  freshness: {
    ...endToEnd(30_000),
    visibleMs: { requests: 1, p50Ms: 1, p99Ms: 999, maxMs: 5_000 },
    eventsPerSecondWanted: 30_000,
  },
  gatewayAlone: [
    { batchEvents: 1, gateway: alone(7_000), bareExpress: alone(10_000), timesExpress: [0.1, 0.7, 0.8] },
    { batchEvents: 10, gateway: alone(1) },
    { batchEvents: 100, gateway: alone(125_000), bareExpress: alone(500_000), timesExpress: [0.25] },
  ],
  counted: { events: 1 },
  seconds: 1,
});

test('what is at its bar holds it', () => {
  expect(missedBars(atTheBars())).toEqual([]);
});

test.each<[string, (result: BenchResult) => void]>([
  ['end to end / \\copy: 0.299 ×, to be at least 0.3', ({ copy }) => copy && (copy.rowsPerSecond = 201_000)],
  [
    'log folded after the last answer: 1,001 ms, to be at most 1,000',
    ({ sustained }) => sustained && (sustained.foldedMs = 1_001),
  ],
  [
    'end to end / naive, pipelined: 5.45 ×, to be at least 6',
    ({ naive }) => void naive?.pipelined.splice(1, 1, { load: load(11_000) }),
  ],
  [
    'end to end / naive, awaited, one client: 15 ×, to be at least 20',
    ({ naive }) => void naive?.oneClient.splice(0, 1, { load: load(4_000) }),
  ],
  [
    'gateway alone / bare Express, events/s at batches of 100: 0.248 ×, to be at least 0.25',
    ({ gatewayAlone }) => void gatewayAlone?.[2]?.timesExpress?.splice(0, 1, 0.248),
  ],
  [
    'gateway alone / bare Express, requests/s at batches of 1: 0.69 ×, to be at least 0.7',
    ({ gatewayAlone }) => void gatewayAlone?.[0]?.timesExpress?.splice(1, 1, 0.69),
  ],
  [
    'freshness, p99: 1,000 ms, to be below 1,000',
    ({ freshness }) => freshness && (freshness.visibleMs.p99Ms = 1_000),
  ],
  [
    'freshness, p99: not measured ms, to be below 1,000',
    ({ freshness }) => freshness && (freshness.visibleMs.p99Ms = NaN),
  ],
  [
    'answers 5xx, and broken connections: 3 requests, to be at most 0',
    ({ sustained, gatewayAlone }) => {
      Object.assign(sustained?.load.answers ?? {}, { 503: 2 });
      Object.assign(gatewayAlone?.[1]?.gateway.answers ?? {}, { broken: 1 });
    },
  ],
  [
    'memory of a service at the end / after 10 s: 1.21 ×, to be at most 1.2',
    ({ sustained }) => Object.assign(sustained?.resident?.['gateway'] ?? {}, { lateBytes: 121 }),
  ],
])('%s', (line, spoil) => {
  const result = atTheBars();
  spoil(result);
  expect(missedBars(result)).toEqual([`${line} (issue 5, "Must reach")`]);
});

test('what was not run misses nothing', () => {
  const { machine, options, counted, seconds } = atTheBars();
  expect(missedBars({ machine, options, counted, seconds })).toEqual([]);
});

test('the table has a row for each load, the CPU beside its budget, and each bar', () => {
  const lines = reportOf(atTheBars()).split('\n');
  const cells = (start: RegExp) =>
    lines
      .find((line) => start.test(line.trimStart()))
      ?.trim()
      .split(/ {2,}/);
  expect(cells(/^sustained/)?.slice(1, 3)).toEqual(['600,000', '60,000']);
  expect(cells(/^naive, pipelined/)?.slice(1, 3)).toEqual(['100,000', '10,000']);
  expect(cells(/^naive, pipelined/)?.at(-1)).toBe('6 ×');
  expect(cells(/^gateway +\d/)?.slice(1, 3)).toEqual(['8', '8']);
  expect(cells(/^PostgreSQL +\d/)?.slice(1, 3)).toEqual(['15', '15']);
  expect(cells(/^100 +125,000/)?.slice(1)).toEqual([
    '125,000',
    '125,000',
    '1',
    '2',
    '500,000',
    '500,000',
    '0.25 ×',
  ]);
  expect(lines.filter((line) => line.endsWith('holds'))).toHaveLength(9);
});
