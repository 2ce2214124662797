import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conclude } from './command-line.js';

const exitCode = process.exitCode;
const folder = mkdtempSync(join(tmpdir(), 'conclude-'));
let said: string[];

beforeEach(() => {
  said = [];
  process.exitCode = undefined;
  for (const stream of ['log', 'error'] as const)
    jest.spyOn(console, stream).mockImplementation((...words: unknown[]) => void said.push(words.join(' ')));
});

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = exitCode;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const RUN = { report: 'the table', missed: ['speed: 1 ×, to be at least 2'], json: undefined };

test('with --check a miss is named, and the exit code is 1', async () => {
  await conclude({}, { ...RUN, check: true });
  expect(said).toEqual(['the table', 'missed: speed: 1 ×, to be at least 2']);
  expect(process.exitCode).toBe(1);
});

test('nothing is missed, or nobody asked: the table alone', async () => {
  await conclude({}, { ...RUN, missed: [], check: true });
  await conclude({}, { ...RUN, check: false });
  expect(said).toEqual(['the table', 'the table']);
  expect(process.exitCode).toBeUndefined();
});

test('the result is written where --json names a file', async () => {
  const file = join(folder, 'result.json');
  await conclude({ rows: 3 }, { ...RUN, json: file, check: false });
  expect(readFileSync(file, 'utf8')).toBe('{\n  "rows": 3\n}\n');
});
