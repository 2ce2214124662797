import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { imageOf } from './images.js';
import type { ServerName } from './types.js';

/** Compose 1 takes seconds to begin on a busy machine. */
const ENGINE_TIMEOUT_MS = 20_000;
/** To tell a registry that can be reached from one that cannot. */
const REGISTRY_TIMEOUT_MS = 15_000;
const PULL_TIMEOUT_MS = 600_000;

type Outcome = { ok: true; output: string } | { ok: false; message: string };

/** Runs a command to its end; never throws. */
export async function runCommand(
  command: readonly string[],
  { timeoutMs, env }: { timeoutMs: number; env?: NodeJS.ProcessEnv },
): Promise<Outcome> {
  const [program = '', ...args] = command;
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      timeout: timeoutMs,
      maxBuffer: 16 * 1024 * 1024,
      ...(env && { env }),
    });
    return { ok: true, output: stdout };
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return { ok: false, message: stderr?.trim() || message };
  }
}

/** Undefined if a Docker engine answers, else why not. */
export async function engineProblem(): Promise<string | undefined> {
  const info = await runCommand(['docker', 'info', '--format', '{{.ServerVersion}}'], {
    timeoutMs: ENGINE_TIMEOUT_MS,
  });
  return info.ok ? undefined : `Docker does not answer: ${info.message.split('\n')[0]}`;
}

/** The Compose command there is: the plugin, else the program of version 1; undefined if none. */
export async function composeCommand(): Promise<readonly string[] | undefined> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    if ((await runCommand([...command, 'version'], { timeoutMs: ENGINE_TIMEOUT_MS })).ok) return command;
  }
  return undefined;
}

/** Sees to it that the servers' images are there, by pulling if need be; undefined if they are, else why not. */
export async function imagesProblem(
  servers: readonly ServerName[],
  announce: (line: string) => void,
): Promise<string | undefined> {
  for (const image of servers.map((name) => imageOf(name))) {
    if ((await runCommand(['docker', 'image', 'inspect', image], { timeoutMs: ENGINE_TIMEOUT_MS })).ok)
      continue;
    const known = await runCommand(['docker', 'manifest', 'inspect', image], {
      timeoutMs: REGISTRY_TIMEOUT_MS,
    });
    if (!known.ok) return `the image ${image} is not here and cannot be had`;
    announce(`Pulling the image ${image} (at most ${PULL_TIMEOUT_MS / 60_000} minutes)`);
    const pull = await runCommand(['docker', 'pull', '--quiet', image], { timeoutMs: PULL_TIMEOUT_MS });
    if (!pull.ok) return `the image ${image} could not be pulled: ${pull.message.split('\n')[0]}`;
  }
  return undefined;
}
