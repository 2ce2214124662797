import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount, temporaryDataDir } from '@event-analytics/stack';

/** A file system of its own that is soon full. */
export interface SmallDisk {
  readonly directory: string;
  /** Keeps from its user all that is left but so much. */
  fill(o: { leaveKib: number }): void;
  /** Gives back what was kept. */
  makeRoom(): void;
  /** At once, also while files in it are open; to be called in every outcome. */
  unmount(): void;
}

const MIB = 1_024 * 1_024;
const CAP_SYS_ADMIN = 21n;

/** Whether this process may mount: in a container also root often may not. */
export function mayMount(): boolean {
  try {
    const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return ((BigInt(`0x${effective ?? '0'}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
  } catch {
    return false;
  }
}

/** A file system in memory, `keptMib` of which are taken until makeRoom(). Needs a process that may mount. */
export function mountSmallDisk({ mib, keptMib = 0 }: { mib: number; keptMib?: number }): SmallDisk {
  // Servers that we start as root run as somebody else.
  const directory = temporaryDataDir(serverAccount());
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=711`, 'tmpfs', directory]);
  const kept = join(directory, 'kept');
  const keep = (bytes: number) => writeFileSync(kept, Buffer.alloc(bytes));
  keep(keptMib * MIB);
  return {
    directory,
    fill: ({ leaveKib }) => {
      const { bavail, bsize } = statfsSync(directory);
      keep(Math.max(0, bavail * bsize - 1_024 * leaveKib));
    },
    makeRoom: () => rmSync(kept, { force: true }),
    unmount: () => void execFileSync('umount', ['--lazy', directory]),
  };
}
