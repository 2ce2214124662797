import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { childEnd, type ChildEnd } from '@event-analytics/testkit';

import type { ImportSummary } from '../src/report/summary.js';

const MAIN = join(__dirname, '../dist/main.js');

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

export async function runImporter(args: string[], o: RunOptions): Promise<ChildEnd> {
  const child = startImporter(args, o);
  const end = childEnd(child);
  child.stdin.end(o.stdin ?? '');
  return end;
}

export function summaryOf({ stdout }: ChildEnd): ImportSummary {
  return JSON.parse(stdout);
}
