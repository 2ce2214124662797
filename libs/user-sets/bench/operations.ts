/**
 * How long an operation on two sets takes, in µs, for both kinds side by side. From the root of the repository:
 * npx tsx --conditions=@event-analytics/source libs/user-sets/bench/operations.ts
 */
import { loadUserSets, portableUserSets, type UserSets } from '../src/index.js';

const USERS = 1_000_000;
const DENSITIES = [0.0235, 0.2, 0.75, 0.99];
const TINY_SIZES = [1, 5, 30];
/** Each figure is the fastest of this many samples: the machine may have other things to do as well. */
const SAMPLES = 15;
const SAMPLE_MS = 10;

async function main(): Promise<void> {
  const kinds = [portableUserSets];
  const native = await loadUserSets('native').catch((error: Error) =>
    print(`portable only: ${error.message}`),
  );
  if (native !== undefined) kinds.unshift(native);

  for (const density of DENSITIES) {
    const numbers = [randomNumbers(density, 1), randomNumbers(density, 2)] as const;
    table(`${density * 100} % of ${USERS} users`, kinds, numbers);
  }
  for (const size of TINY_SIZES) {
    const numbers = [tinyNumbers(size, 1), tinyNumbers(size, 2)] as const;
    table(`${size} of ${USERS} users`, kinds, numbers);
  }
}

type Numbers = readonly [ArrayLike<number>, ArrayLike<number>];

function table(title: string, kinds: UserSets[], numbers: Numbers): void {
  const columns = kinds.map((sets) => measure(sets, numbers));
  print(`\n${title.padEnd(26)}${kinds.map(({ kind }) => kind.padStart(10)).join('')}`);
  for (const operation of columns[0]?.keys() ?? [])
    print(operation.padEnd(26) + columns.map((column) => figure(column.get(operation) ?? NaN)).join(''));
}

function measure(sets: UserSets, [first, second]: Numbers): Map<string, number> {
  const a = sets.of(first);
  const b = sets.of(second);
  const union = a.clone();
  const bytes = a.toBytes();
  const operations: [string, () => unknown][] = [
    ['of', () => sets.of(first)],
    ['fromBytes', () => sets.fromBytes(bytes)],
    ['toBytes', () => a.toBytes()],
    ['andSize', () => a.andSize(b)],
    ['and', () => a.and(b)],
    ['minus', () => a.minus(b)],
    ['add', () => union.add(b)],
    ['add, then size', () => (union.add(b), union.size)],
    ['clone', () => a.clone()],
    ['equals', () => a.equals(a)],
    ['toArray', () => a.toArray()],
  ];
  const column = new Map(operations.map(([name, run]) => [name, microseconds(run)]));
  return column.set('memory, bytes', a.bytes).set('written, bytes', bytes.length);
}

function microseconds(run: () => unknown): number {
  let runs = 1;
  for (let spentMs = 0; spentMs < SAMPLE_MS; runs *= 2) spentMs = millisecondsOf(run, runs);
  let fastestMs = Infinity;
  for (let i = 0; i < SAMPLES; i++) fastestMs = Math.min(fastestMs, millisecondsOf(run, runs));
  return (fastestMs * 1000) / runs;
}

function millisecondsOf(run: () => unknown, runs: number): number {
  const start = performance.now();
  for (let i = 0; i < runs; i++) run();
  return performance.now() - start;
}

function randomNumbers(density: number, seed: number): Uint32Array {
  const random = randomFrom(seed);
  const numbers: number[] = [];
  for (let user = 0; user < USERS; user++) if (random() < density) numbers.push(user);
  return Uint32Array.from(numbers);
}

/** Not in order, and not a typed array: as a fold has them. */
function tinyNumbers(size: number, seed: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: size }, () => Math.floor(random() * USERS));
}

function randomFrom(seed: number): () => number {
  return () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function figure(value: number): string {
  return (value < 10 ? value.toFixed(2) : value.toFixed(0)).padStart(10);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main();
