import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';

import type { ImportSummary } from '../src/report/summary.js';

const MAIN = join(__dirname, '../dist/main.js');

export interface Finished {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd: string;
  databaseUrl?: string;
  stdin?: string | Uint8Array;
  env?: Record<string, string>;
  nodeOptions?: string[];
}

/** The built command as a process of its own. */
export function startImporter(args: string[], o: RunOptions): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...(o.nodeOptions ?? []), MAIN, ...args], {
    cwd: o.cwd,
    env: { PATH: process.env['PATH'], DATABASE_URL: o.databaseUrl, ...o.env },
  });
}

export async function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // A process that ends before it has read everything is what some tests are about.
  child.stdin.on('error', () => undefined);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, stdout, stderr };
}

export async function runImporter(args: string[], o: RunOptions): Promise<Finished> {
  const child = startImporter(args, o);
  const end = finished(child);
  child.stdin.end(o.stdin ?? '');
  return end;
}

export function summaryOf({ stdout }: Finished): ImportSummary {
  return JSON.parse(stdout);
}
