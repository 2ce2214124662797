import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, LockHeldError, withLock } from './lock.js';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
  file = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('who comes second is told who holds it; released, it is free', async () => {
  const lock = await acquireLock(file);
  await expect(acquireLock(file)).rejects.toMatchObject({ name: 'LockHeldError', holderPid: process.pid });
  lock.release();
  expect(existsSync(file)).toBe(false);
  (await acquireLock(file)).release();
});

test('one that a dead process left behind is taken over', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(file, JSON.stringify({ pid, startedAt: '1' }));
  const lock = await acquireLock(file);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
  lock.release();
});

test('a later process of the same number is not its holder', async () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
  (await acquireLock(file)).release();
});

test('one that was cut off while it was written is taken over', async () => {
  writeFileSync(file, '{"pi');
  (await acquireLock(file)).release();
});

test('of many who find it stale at once, one gets it', async () => {
  writeFileSync(file, JSON.stringify({ pid: 1, startedAt: 'long ago' }));
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => acquireLock(file)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('withLock waits for its turn, and gives up', async () => {
  const order: string[] = [];
  const turn = (name: string) => async (): Promise<void> => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push(`${name} ends`);
  };
  await Promise.all([
    withLock({ file, timeoutMs: 5_000 }, turn('a')),
    withLock({ file, timeoutMs: 5_000 }, turn('b')),
  ]);
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);

  const lock = await acquireLock(file);
  await expect(withLock({ file, timeoutMs: 100 }, turn('c'))).rejects.toThrow(LockHeldError);
  lock.release();
});
