import { busyTicks, cpuMicrosPerEvent, parseStat, treeOf } from './process-usage.js';

const stat = (pid: number, name: string, parent: number, ticks: readonly [number, number, number, number]) =>
  `${String(pid)} (${name}) S ${String(parent)} 1 1 0 -1 4194560 1 2 3 4 ${ticks.join(' ')} 20 0 11 0 123 456 789\n`;

test('time of the process and of its ended children, user and system', () => {
  expect(parseStat(stat(42, 'node', 7, [100, 20, 3, 4]))).toEqual({
    pid: 42,
    parent: 7,
    ticks: 127,
    systemTicks: 24,
  });
});

test('a name may hold blanks and brackets', () => {
  expect(parseStat(stat(42, 'postgres: a) S 1 (b', 7, [1, 2, 3, 4]))).toEqual({
    pid: 42,
    parent: 7,
    ticks: 10,
    systemTicks: 6,
  });
});

test('a process that has ended meanwhile is none', () => {
  expect(parseStat('')).toBeUndefined();
});

test('a tree has the children of children, and nothing of what is counted by itself', () => {
  const all = [
    { pid: 1, parent: 0, ticks: 1, systemTicks: 0 },
    { pid: 2, parent: 1, ticks: 1, systemTicks: 0 },
    { pid: 3, parent: 2, ticks: 1, systemTicks: 0 },
    { pid: 4, parent: 1, ticks: 1, systemTicks: 0 },
    { pid: 5, parent: 4, ticks: 1, systemTicks: 0 },
    { pid: 6, parent: 9, ticks: 1, systemTicks: 0 },
  ];
  const pidsOf = (root: number, others: number[]) => treeOf(root, all, new Set(others)).map(({ pid }) => pid);
  expect(pidsOf(1, [])).toEqual([1, 2, 4, 3, 5]);
  expect(pidsOf(1, [1, 4])).toEqual([1, 2, 3]);
  expect(pidsOf(8, [])).toEqual([]);
});

test('what was used between two readings, an event', () => {
  const before = { gateway: { cpuMs: 1_000, residentBytes: 0 } };
  const after = { gateway: { cpuMs: 1_900, residentBytes: 0 } };
  expect(cpuMicrosPerEvent(before, after, 100_000)).toEqual({ gateway: 9 });
  expect(cpuMicrosPerEvent({}, after, 100_000)).toEqual({ gateway: NaN });
});

test('a machine is busy but for idle cores and those that wait for a disk; others of the hypervisor count', () => {
  expect(busyTicks('cpu  100 20 30 1000 500 4 5 6 0 0\ncpu0 50 10 15 500 250 2 3 3 0 0\n')).toBe(165);
});
