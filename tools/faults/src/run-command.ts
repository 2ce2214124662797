import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface CommandEnd {
  /** null: it was killed. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  kill(signal: NodeJS.Signals): void;
  ended: Promise<CommandEnd>;
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
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // One that ends before it has read everything is no fault of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(o.stdin ?? '');
  return {
    kill: (signal) => void child.kill(signal),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
    }),
  };
}

/** Runs it to its end. */
export async function runCommand(...command: Parameters<typeof startCommand>): Promise<CommandEnd> {
  return await startCommand(...command).ended;
}
