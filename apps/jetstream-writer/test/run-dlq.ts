import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnd, type ChildEnd } from '@event-analytics/testkit';

const MAIN = join(__dirname, '../dist/dlq.js');

/** The built command as a process of its own, to its end. */
export async function runDlq(
  args: readonly string[],
  o: { env: Record<string, string>; stdin?: string },
): Promise<ChildEnd> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], ...o.env },
  });
  const end = childEnd(child);
  child.stdin.end(o.stdin ?? '');
  return await end;
}
