import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The user that servers run as; null = the one we are. */
export type Account = { name: string; uid: number; gid: number } | null;

/** PostgreSQL refuses to run as root, so root runs servers as `postgres`, or else as `nobody`. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((fields) => fields[0] === name);
    if (user) return { name, uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new Error('We are root, PostgreSQL refuses to run as root, and there is no user postgres or nobody.');
}

/** Options for child_process that run the child as the account. */
export function asAccount(account: Account): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/** Whether the account may enter the directory: also that it may pass through all its parents. */
export function canEnter(account: Account, directory: string): boolean {
  if (!account) return true;
  const probe = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { ...asAccount(account), cwd: '/' });
  return probe.status === 0;
}
