import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missedBars } from '../src/import/bars.js';
import type { BenchResult } from '../src/import/result.js';
import { expectTold, runTool, temporaryPlace } from './run-tool.js';

const place = temporaryPlace();
const TOOL = 'src/import/main.ts';
const TINY = ['--rows', '6000', '--peer-rows', '2000', '--users', '500', '--days', '40'];

afterAll(() => {
  place.remove();
});

test('one run imports, holds it against the others, counts every row, and leaves nothing behind', async () => {
  const file = join(place.path, 'result.json');
  const run = runTool([...TINY, '--load-seconds', '0.3', '--json', file], place, TOOL);
  const code = await run.ended;
  if (code !== 0) throw new Error(run.output());

  const result = JSON.parse(readFileSync(file, 'utf8')) as BenchResult;
  const { imports, copy, peer, again, recount, meanwhile, scale } = result;
  expect(imports).toMatchObject([{ rows: 6_000, inserted: 5_994, rejected: 6 }]);
  expect(imports[0]?.foldedSeconds).toBeGreaterThanOrEqual(imports[0]?.storedSeconds ?? NaN);
  if (copy) expect(copy.map(({ rows }) => rows)).toEqual([5_994]);
  expect(peer?.rows).toBe(2_000);
  expect(again?.added).toBe(0);
  expect(recount?.differing).toBe(0);
  expect(recount?.compared).toBeGreaterThan(0);
  expect(meanwhile?.during.eventsPerSecond).toBeGreaterThan(0);
  expect(scale).toBeUndefined();
  if (existsSync('/proc/self/stat')) {
    const { processes = {}, backends = {} } = imports[0]?.cpu ?? {};
    for (const name of ['importer', 'PostgreSQL', 'indexer'])
      expect(processes[name]?.micros).toBeGreaterThan(0);
    expect(Object.keys(backends)).toContain('jetstream-writer-indexer');
    expect(imports[0]?.peakBytes).toBeGreaterThan(20_000_000);
  }
  expect(run.output()).toContain('5,994 rows are in the table and in the statistics, 6 were rejected');
  expect(await place.leftInTheEnd()).toEqual([]);
});

test('a large file is held against a small one; --check names what the figures of its run miss', async () => {
  const file = join(place.path, 'scale.json');
  const run = runTool(
    [
      ...TINY,
      '--only',
      'import,peer,scale',
      '--base-rows',
      '1000',
      '--scale-rows',
      '2000',
      '--check',
      '--json',
      file,
    ],
    place,
    TOOL,
  );
  await expectTold(run, file, missedBars);
  const { scale } = JSON.parse(readFileSync(file, 'utf8')) as BenchResult;
  expect(scale).toMatchObject({
    base: [{ rows: 1_000 }, { rows: 1_000 }],
    large: { rows: 2_000, inserted: 1_998 },
  });
});

test('an import that stores nothing fails the run, whatever it says of itself', async () => {
  const run = runTool([...TINY, '--only', 'import', '--arg=--dry-run'], place, TOOL);
  expect(await run.ended).toBe(1);
  expect(run.output()).toMatch(/^not counted exactly: the import says and stored /m);
  expect(await place.leftInTheEnd()).toEqual([]);
});
