import { readFileSync } from 'node:fs';

/** Process numbers are used again: the start time tells one process from a later one of the same number. */
export interface ProcessIdentity {
  pid: number;
  /** In clock ticks since boot; '' where there is no /proc. */
  startedAt: string;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startedAt: startOf(pid) };
}

/** Whether this very process still runs. */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, as somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === startedAt && !isZombie(pid);
}

function startOf(pid: number): string {
  return statFields(pid)[19] ?? '';
}

/** Ended, but its parent has not asked yet how. */
function isZombie(pid: number): boolean {
  return statFields(pid)[0] === 'Z';
}

/** What follows the program's name, which may itself contain blanks and brackets. */
function statFields(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
