import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { identityOf, isAlive } from '../src/process-identity.js';
import { waitUntil } from '../src/wait-until.js';

const root = dirname(dirname(dirname(__dirname)));

export interface Run {
  child: ChildProcess;
  output: () => string;
  /** Resolves once the output contains the text; throws with the output if the process ends first. */
  says: (text: string, timeoutMs?: number) => Promise<void>;
  ended: Promise<number | null>;
}

/** Runs a TypeScript file of this project as the command line does, in a process of its own. */
export function runScript(file: string, args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(
    process.execPath,
    ['--conditions=@event-analytics/source', '--import', 'tsx', join(dirname(__dirname), file), ...args],
    {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    output: () => output,
    ended,
    async says(text, timeoutMs = 60_000) {
      await waitUntil(() => output.includes(text) || child.exitCode !== null || child.signalCode !== null, {
        timeoutMs,
      });
      if (!output.includes(text)) throw new Error(`It never said "${text}":\n${output}`);
    },
  };
}

export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'stack-test-'));
  // Where we are root, the servers are somebody else and must get to their data.
  chmodSync(path, 0o711);
  return {
    path,
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

export function isRunning(pid: number): boolean {
  return isAlive(identityOf(pid));
}
