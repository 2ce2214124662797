import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { canEnter, type Account } from '../account.js';
import { processWatchdog } from '../watchdog.js';

/** Where root keeps what an unprivileged account must reach and cannot, as in a repository below /root. */
const ROOTS_DATA = '/var/lib/event-analytics';
const ROOTS_CACHE = '/var/cache/event-analytics';

/** The folder itself, made if need be; one of root's own where the account may not pass through its parents. */
export function reachableDataDir(wanted: string, account: Account): string {
  const directory = resolve(wanted);
  makeEnterable(directory, account);
  if (canEnter(account, directory)) return directory;
  const other = join(ROOTS_DATA, nameFor(directory));
  makeEnterable(other, account);
  return other;
}

/** A new temporary directory, removed when this process is gone. */
export function temporaryDataDir(account: Account): string {
  const parent = [tmpdir(), '/tmp', '/var/tmp'].find(
    (place) => existsSync(place) && canEnter(account, place),
  );
  if (parent === undefined)
    throw new Error(`The user ${account?.name ?? ''} may enter no temporary directory.`);
  const directory = mkdtempSync(join(parent, 'event-analytics-'));
  makeEnterable(directory, account);
  processWatchdog().removeAfterwards(directory);
  return directory;
}

/** A directory below that belongs to the account alone. */
export function makeOwn(directory: string, account: Account): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account) chownSync(directory, account.uid, account.gid);
}

/** The folder of programs itself, or a copy of its installation that the account can reach. */
export function reachablePrograms(binDir: string, account: Account): string {
  if (canEnter(account, binDir)) return binDir;
  const installation = dirname(binDir);
  const copy = join(ROOTS_CACHE, nameFor(installation));
  if (!existsSync(copy)) {
    const unfinished = mkdtempSync(join(makeEnterable(ROOTS_CACHE, account), 'copy-'));
    cpSync(installation, unfinished, { recursive: true, verbatimSymlinks: true });
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, copy);
  }
  return join(copy, 'bin');
}

function makeEnterable(directory: string, account: Account): string {
  mkdirSync(directory, { recursive: true });
  if (account) chmodSync(directory, 0o711);
  return directory;
}

function nameFor(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}
