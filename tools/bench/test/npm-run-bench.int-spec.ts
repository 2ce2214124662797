import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missedBars } from '../src/ingest/bars.js';
import type { BenchResult } from '../src/ingest/result.js';
import { expectTold, runTool, temporaryPlace } from './run-tool.js';

const place = temporaryPlace();
const TINY = ['--quick', '--seconds', '1', '--turns', '1', '--turn-seconds', '0.3', '--users', '500'];
const SMALL_SCENARIO = [...TINY, '--events', '500', '--only', 'scenario'];

afterAll(() => {
  place.remove();
});

test('one run measures everything, counts every event, writes it down and leaves nothing behind', async () => {
  const file = join(place.path, 'result.json');
  const run = runTool([...TINY, '--events', '1000', '--json', file], place);
  const code = await run.ended;
  if (code !== 0) throw new Error(run.output());

  const result = JSON.parse(readFileSync(file, 'utf8')) as BenchResult;
  const { scenario, sustained, copy, naive, badInput, freshness, duplicates, gatewayAlone, counted } = result;
  const loads = [scenario, sustained, badInput, freshness, duplicates];
  for (const figures of loads) {
    expect(Object.keys(figures?.load.answers ?? {})).toEqual(['202']);
    expect(figures?.eventsPerSecond).toBeGreaterThan(0);
  }
  expect(scenario?.load).toMatchObject({ requests: 10, events: 1_000, accepted: 1_000, duplicates: 0 });
  // The warm-up's and the probes' besides.
  const events = loads.reduce((sum, figures) => sum + (figures?.load.events ?? NaN), 0);
  expect(counted.events).toBeGreaterThan(events);

  if (copy) expect(copy.rows).toBe(sustained?.load.events);
  expect(Object.values(naive ?? {}).map((turns) => turns.length)).toEqual([2, 2, 2]);
  expect(freshness?.visibleMs.requests).toBeGreaterThan(0);
  expect(duplicates?.load.events).toBe((duplicates?.load.eventsSent ?? NaN) / 2);
  expect(badInput?.load.rejected).toBe(badInput?.load.requests);
  expect(Object.values(badInput?.badAnswers ?? {}).map(({ status }) => status)).toEqual([
    ...[422, 422, 422, 400, 413, 413, 415, 400],
  ]);
  expect(
    gatewayAlone?.map(({ batchEvents, bareExpress }) => [batchEvents, bareExpress !== undefined]),
  ).toEqual([
    [1, true],
    [10, false],
    [100, true],
    [1_000, false],
  ]);
  if (existsSync('/proc/self/stat')) {
    for (const name of ['gateway', 'Redis', 'NATS', 'writer', 'PostgreSQL', 'load'])
      expect(sustained?.cpuMicros?.[name]).toBeGreaterThan(0);
  }
  expect(run.output()).toContain(
    `all ${counted.events.toLocaleString('en')} events that were acknowledged are in`,
  );
  expect(await place.leftInTheEnd()).toEqual([]);
});

test('--check names what the figures of its run miss, and its exit code tells', async () => {
  const file = join(place.path, 'checked.json');
  const run = runTool([...TINY, '--only', 'sustained,naive', '--check', '--json', file], place);
  await expectTold(run, file, missedBars);
});

test('statistics that differ from what was sent fail the run: days of another time zone', async () => {
  // It is tomorrow there from 10:00 UTC, or yesterday until 11:00.
  const zone = new Date().getUTCHours() >= 10 ? 'Pacific/Kiritimati' : 'Pacific/Pago_Pago';
  const run = runTool([...SMALL_SCENARIO, '--env', `REPORTING_TIMEZONES=${zone},UTC`], place);
  expect(await run.ended).toBe(1);
  expect(run.output()).toMatch(/^not counted exactly: users by day in \/stats\/dau/m);
});

test('Ctrl-C in the middle leaves nothing behind', async () => {
  const run = runTool(['--only', 'sustained'], place);
  await run.says('warm-up:');
  expect(place.left()).not.toEqual([]);
  run.child.kill('SIGINT');
  expect(await run.ended).not.toBe(0);
  expect(await place.leftInTheEnd()).toEqual([]);
});
