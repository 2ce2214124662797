import { startCommand } from './run-command.js';

export interface Ended {
  /** null: it had to be killed. */
  exitCode: number | null;
  /** What it wrote, to both of its outputs. */
  lines: string[];
}

/** Runs the build of an app that is to end by itself; kills it when it has not within `timeoutMs`. */
export async function runToEnd(
  app: string,
  env: Record<string, string>,
  { timeoutMs }: { timeoutMs: number },
): Promise<Ended> {
  const command = startCommand(`${app}/dist/main.js`, [], { env: { PORT: '0', ...env } });
  const timer = setTimeout(() => command.kill('SIGKILL'), timeoutMs);
  const { exitCode, stdout, stderr } = await command.ended.finally(() => clearTimeout(timer));
  return { exitCode, lines: `${stdout}\n${stderr}`.split('\n').filter((line) => line !== '') };
}
