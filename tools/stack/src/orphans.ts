import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.js';
import { waitUntil } from './wait-until.js';

interface Recorded extends ProcessIdentity {
  name: string;
  stopSignal: NodeJS.Signals;
}

const STOP_TIMEOUT_MS = 15_000;

/** Writes down which processes run, for the next start to find those that outlived us. */
export function recordRunning(
  file: string,
  processes: readonly { name: string; pid: number; stopSignal: NodeJS.Signals }[],
): void {
  const recorded: Recorded[] = processes
    .filter(({ pid }) => pid > 0)
    .map(({ name, pid, stopSignal }) => ({ name, stopSignal, ...identityOf(pid) }));
  writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`);
}

/** Stops what an earlier run that was killed has left behind; the watchdog may be about to do the same. */
export async function stopOrphans(file: string, log: (line: string) => void): Promise<void> {
  const orphans = read(file).filter(isAlive);
  for (const { pid, name, stopSignal } of orphans) {
    log(`Stopping ${name} (process ${pid}), left behind by a start that was killed`);
    send(pid, 'SIGCONT');
    send(pid, stopSignal);
  }
  if (!(await waitUntil(() => !orphans.some(isAlive), { timeoutMs: STOP_TIMEOUT_MS }))) {
    for (const { pid } of orphans.filter(isAlive)) send(pid, 'SIGKILL');
    await waitUntil(() => !orphans.some(isAlive), { timeoutMs: STOP_TIMEOUT_MS });
  }
  rmSync(file, { force: true });
}

function read(file: string): Recorded[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Recorded[];
  } catch {
    return [];
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}
