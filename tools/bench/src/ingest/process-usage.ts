import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What one process has used, as /proc/<pid>/stat tells it. */
export interface ProcessStat {
  pid: number;
  parent: number;
  /** Of itself and of those of its children that have ended, in clock ticks: user and system. */
  ticks: number;
  /** Of these, the system's. */
  systemTicks: number;
}

/** A process with all that descend from it. */
export interface TreeUsage {
  cpuMs: number;
  /** Of this, what the kernel did for it; absent where that is not told apart. */
  systemMs?: number;
  /** Memory that each has counts as often as there are processes that share it. */
  residentBytes: number;
}

export type UsageByName = Record<string, TreeUsage>;

/** @param text /proc/<pid>/stat; the name in brackets may itself hold blanks and brackets. @returns undefined for what is none */
export function parseStat(text: string): ProcessStat | undefined {
  const pid = Number.parseInt(text, 10);
  // Field 3, the state, is the first of these.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const systemTicks = field(15) + field(17);
  const stat = { pid, parent: field(4), ticks: field(14) + field(16) + systemTicks, systemTicks };
  return Object.values(stat).every(Number.isInteger) ? stat : undefined;
}

/**
 * @param others processes that are counted by themselves: they and what descends from them stay out
 * @returns the process and all that descend from it; none where it has ended
 */
export function treeOf(
  root: number,
  all: readonly ProcessStat[],
  others: ReadonlySet<number>,
): ProcessStat[] {
  const tree = all.filter(({ pid }) => pid === root);
  for (const one of tree)
    tree.push(...all.filter(({ pid, parent }) => parent === one.pid && !others.has(pid)));
  return tree;
}

/** What all other processes used, and what the hypervisor gave to other machines: noise. */
export const REST = 'the rest of the machine';

export interface UsageMeter {
  /** Of each of these process ids with all that descend from it, but for one another; and the REST. */
  read(pids: Readonly<Record<string, number>>): UsageByName;
}

/** @returns undefined where the system has no /proc */
export function createUsageMeter(): UsageMeter | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const tickMs = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const pageBytes = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));

  return {
    read(pids) {
      const all = readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => parseStat(textOf(`/proc/${pid}/stat`)))
        .filter((stat) => stat !== undefined);
      const named = new Set(Object.values(pids));
      const usage: UsageByName = Object.fromEntries(
        Object.entries(pids).map(([name, root]) => {
          const tree = treeOf(root, all, named);
          const resident = tree.map(({ pid }) =>
            Number(textOf(`/proc/${String(pid)}/statm`).split(' ')[1] ?? 0),
          );
          return [
            name,
            {
              cpuMs: tickMs * sum(tree.map(({ ticks }) => ticks)),
              systemMs: tickMs * sum(tree.map(({ systemTicks }) => systemTicks)),
              residentBytes: pageBytes * sum(resident),
            },
          ];
        }),
      );
      const ours = sum(Object.values(usage).map(({ cpuMs }) => cpuMs));
      usage[REST] = { cpuMs: tickMs * busyTicks(textOf('/proc/stat')) - ours, residentBytes: 0 };
      return usage;
    },
  };
}

/** @param text /proc/stat. @returns of all cores since the start, but for idle ones and those waiting for a disk */
export function busyTicks(text: string): number {
  const [, user, nice, system, , , irq, softIrq, steal] = text.slice(0, text.indexOf('\n')).split(/ +/);
  return sum([user, nice, system, irq, softIrq, steal].map(Number));
}

/** CPU between two readings, in microseconds for each of so many events. */
export function cpuMicrosPerEvent(
  before: UsageByName,
  after: UsageByName,
  events: number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([name, { cpuMs }]) => [
      name,
      (1_000 * (cpuMs - (before[name]?.cpuMs ?? NaN))) / events,
    ]),
  );
}

/** Of a file in /proc: '' where the process has ended meanwhile. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
