import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { textOf } from '../ingest/process-usage.js';

const SAMPLE_MS = 50;
const STDERR_CHARACTERS_MAX = 4_000;

export interface ProgramRun {
  /** null when a signal ended it. */
  code: number | null;
  stdout: string;
  /** The end of it. */
  stderr: string;
  seconds: number;
  /** The most that it and its children held at once, each at its own time; undefined without /proc. */
  peakBytes: number | undefined;
}

export interface Program {
  child: ChildProcess;
  hasEnded(): boolean;
  ended: Promise<ProgramRun>;
}

/** A process of its own that is watched until it ends. It is killed when this one exits. */
export function startProgram(
  command: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Program {
  const beganMs = performance.now();
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_CHARACTERS_MAX)));
  const memory = peakMemory(child.pid ?? 0);
  const sampling = setInterval(() => {
    memory.sample();
  }, SAMPLE_MS);
  let hasEnded = false;
  const ended = once(child, 'close')
    .then(([code]) => ({
      code: code as number | null,
      ...{ stdout, stderr },
      seconds: (performance.now() - beganMs) / 1_000,
      peakBytes: memory.bytes(),
    }))
    .finally(() => {
      hasEnded = true;
      clearInterval(sampling);
      process.off('exit', kill);
    });
  return { child, hasEnded: () => hasEnded, ended };
}

export const runProgram = (
  command: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<ProgramRun> => startProgram(command, args, env).ended;

/** By VmHWM, which the kernel keeps: no peak between two samples is missed but in the last milliseconds. */
function peakMemory(pid: number) {
  const peaks = new Map<number, number>();
  return {
    sample() {
      for (const one of [pid, ...childrenOf(pid)]) {
        const kib = /^VmHWM:\s+(\d+) kB$/m.exec(textOf(`/proc/${String(one)}/status`))?.[1];
        if (kib !== undefined) peaks.set(one, 1_024 * Number(kib));
      }
    },
    bytes: () => (peaks.size === 0 ? undefined : [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0)),
  };
}

function childrenOf(pid: number): number[] {
  const text = textOf(`/proc/${String(pid)}/task/${String(pid)}/children`).trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
