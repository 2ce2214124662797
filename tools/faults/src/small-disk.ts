import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount, temporaryDataDir } from '@event-analytics/stack';

/** A file system of its own that is soon full. */
export interface SmallDisk {
  readonly directory: string;
  /** Gives back the part that was kept from its user. */
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

/** A file system in memory, `keptMib` of which are taken until makeRoom(). */
export function mountSmallDisk({ mib, keptMib }: { mib: number; keptMib: number }): SmallDisk {
  // Servers that we start as root run as somebody else.
  const directory = temporaryDataDir(serverAccount());
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=711`, 'tmpfs', directory]);
  const kept = join(directory, 'kept');
  writeFileSync(kept, Buffer.alloc(keptMib * MIB));
  return {
    directory,
    makeRoom: () => rmSync(kept, { force: true }),
    unmount: () => void execFileSync('umount', ['--lazy', directory]),
  };
}
