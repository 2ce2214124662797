import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.js';
import { waitUntil } from './wait-until.js';

export interface Lock {
  release(): void;
}

export class LockHeldError extends Error {
  override name = 'LockHeldError';
  constructor(
    readonly file: string,
    readonly holderPid: number,
  ) {
    super(`${file} is held by the running process ${holderPid}.`);
  }
}

const SETTLE_MS = 50;

/** Takes the lock file, also one left behind by a process that is gone; throws LockHeldError. */
export async function acquireLock(file: string): Promise<Lock> {
  const ours = JSON.stringify(identityOf(process.pid));
  if (!writeNew(file, ours)) {
    const holder = readHolder(file);
    if (holder && isAlive(holder)) throw new LockHeldError(file, holder.pid);
    removeStale(file);
    // Two who found it stale at once may each have removed the other's new one: the last to write has it.
    if (!writeNew(file, ours)) throw new LockHeldError(file, readHolder(file)?.pid ?? 0);
    await sleep(SETTLE_MS);
    if (read(file) !== ours) throw new LockHeldError(file, readHolder(file)?.pid ?? 0);
  }
  return {
    release() {
      if (read(file) === ours) rmSync(file, { force: true });
    },
  };
}

/** Waits for the lock up to `timeoutMs`, holds it while `work` runs. */
export async function withLock<T>(
  { file, timeoutMs }: { file: string; timeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  let lock: Lock | undefined;
  let held: unknown;
  await waitUntil(
    async () => {
      try {
        lock = await acquireLock(file);
      } catch (error) {
        if (!(error instanceof LockHeldError)) throw error;
        held = error;
      }
      return lock !== undefined;
    },
    { timeoutMs, everyMs: 200 },
  );
  if (!lock) throw held;
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function writeNew(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(read(file) ?? '') as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function removeStale(file: string): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    // Somebody else has just removed it.
  }
  rmSync(aside, { force: true });
}
