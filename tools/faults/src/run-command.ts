import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { childEnd, type ChildEnd } from '@event-analytics/testkit';

export interface RunningCommand {
  kill(signal: NodeJS.Signals): void;
  ended: Promise<ChildEnd>;
}

/**
 * Starts a command of an app's build.
 *
 * @param build  below apps/, such as importer/dist/main.js
 */
export function startCommand(
  build: string,
  args: readonly string[],
  o: { env: Record<string, string>; stdin?: string },
): RunningCommand {
  const mainJs = fileURLToPath(new URL(`../../../apps/${build}`, import.meta.url));
  const child = spawn(process.execPath, ['--enable-source-maps', mainJs, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], ...o.env },
  });
  const ended = childEnd(child);
  child.stdin.end(o.stdin ?? '');
  return {
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

/** Runs it to its end. */
export async function runCommand(...command: Parameters<typeof startCommand>): Promise<ChildEnd> {
  return await startCommand(...command).ended;
}
