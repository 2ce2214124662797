import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** How a process ended, and what it wrote. */
export interface ChildEnd {
  /** null: a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Reads what a process writes until it has ended. To be called as soon as it is started. */
export function childEnd(child: ChildProcessWithoutNullStreams): Promise<ChildEnd> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // One that ends before it has read everything is what some tests are about.
  child.stdin.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}
