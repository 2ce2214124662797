import { spawn } from 'node:child_process';

export class StepError extends Error {
  override name = 'StepError';
}

export interface Step {
  /** For the error message. */
  title: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  signal: AbortSignal;
}

const OUTPUT_MAX_CHARACTERS = 200_000;

/** Runs a command to its end with its output held back: it is shown, in the error, only if it fails. */
export async function runStep(step: Step): Promise<{ stdout: string }> {
  step.signal.throwIfAborted();
  const child = spawn(step.command, step.args, {
    cwd: step.cwd,
    env: step.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([step.signal, AbortSignal.timeout(step.timeoutMs)]),
    killSignal: 'SIGTERM',
  });
  let stdout = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-OUTPUT_MAX_CHARACTERS);
    all = (all + text).slice(-OUTPUT_MAX_CHARACTERS);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all = (all + text).slice(-OUTPUT_MAX_CHARACTERS);
  });
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  step.signal.throwIfAborted();
  if (code === 0 && !failure) return { stdout };
  throw new StepError(`${step.title} failed (${failure?.message ?? `exit code ${code}`}):\n${all.trim()}`);
}
