import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const project = dirname(__dirname);

export interface ToolRun {
  child: ChildProcess;
  /** Of both streams, so far. */
  output(): string;
  /** @throws Error with the output when the tool ends first */
  says(text: string): Promise<void>;
  /** The exit code; null when a signal ended it. */
  ended: Promise<number | null>;
}

/** A folder for all that the tool makes, so that what it leaves behind can be seen. */
export interface Place {
  path: string;
  /** What of the benchmark's is there. */
  left(): string[];
  /** What is still there when whoever cleans up has had half a minute: that waits for the tool and its servers to end. */
  leftInTheEnd(): Promise<string[]>;
  remove(): void;
}

export function temporaryPlace(): Place {
  const path = mkdtempSync(join(tmpdir(), 'bench-test-'));
  // Where we are root, the servers are somebody else and must get to their data.
  chmodSync(path, 0o711);
  const left = () => readdirSync(path).filter((name) => name.startsWith('event-analytics-'));
  return {
    path,
    left,
    async leftInTheEnd() {
      for (let tries = 0; left().length > 0 && tries < 300; tries++) await sleep(100);
      return left();
    },
    remove: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Runs `npm run bench`, or another of these tools, without its builds, its temporary files in `place`. */
export function runTool(args: readonly string[], place: Place, main = 'src/main.ts'): ToolRun {
  const child = spawn(
    process.execPath,
    ['--conditions=@event-analytics/source', '--import', 'tsx', join(project, main), ...args],
    { cwd: dirname(dirname(project)), env: { ...process.env, TMPDIR: place.path }, stdio: 'pipe' },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    output: () => output,
    ended,
    async says(text) {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended and never said "${text}":\n${output}`);
        await sleep(50);
      }
    },
  };
}

/** What a run with --check and --json says of itself is what its figures say, whatever they were on this machine. */
export async function expectTold<Result>(
  run: ToolRun,
  file: string,
  missedOf: (result: Result) => string[],
): Promise<void> {
  const code = await run.ended;
  const missed = missedOf(JSON.parse(readFileSync(file, 'utf8')) as Result);
  const told = run.output().match(/(?<=^missed: ).*$/gm) ?? [];
  expect(told).toEqual(missed);
  expect(code).toBe(missed.length === 0 ? 0 : 1);
}
