import { DISASTER_KINDS, STEP_FAULT_KINDS } from './faults.js';
import { runSeed } from './run-seed.js';
import { runSeeds } from './run-seeds.js';

const SEEDS = 1_500;
// Other ones than those of `npm run simulate` without arguments.
const FROM = 1_000_000;

test(`${SEEDS} seeds break no promise, and see every kind of fault`, async () => {
  const totals = await runSeeds({ from: FROM, seeds: SEEDS, violatedMax: 3 });
  expect(totals.violated.map(({ seed, violations }) => ({ seed, violations }))).toEqual([]);
  const kinds = [...STEP_FAULT_KINDS, ...DISASTER_KINDS];
  expect([...totals.faults.keys()].sort()).toEqual(kinds.sort());
  // The world does something: most of what is sent is stored.
  expect(totals.acknowledged).toBeGreaterThan(20 * SEEDS);
  expect(totals.stored).toBeGreaterThan(0.9 * totals.acknowledged);
});

test('a seed is the same run each time, to the byte, whatever ran before', async () => {
  const seeds = [1, 7, 42, 976];
  const first = await tracesOf(seeds);
  const again = await tracesOf([...seeds].reverse());
  expect(again.reverse()).toEqual(first);
  for (const trace of first) expect(trace.split('\n').length).toBeGreaterThan(50);
  expect(new Set(first).size).toBe(seeds.length);
});

async function tracesOf(seeds: readonly number[]): Promise<string[]> {
  const traces: string[] = [];
  for (const seed of seeds) traces.push((await runSeed(seed, { trace: true })).trace.join('\n'));
  return traces;
}
