import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Runs a TypeScript file as a process of its own that ends with this one: it is to exit when `disconnect`ed. */
export function startChild(file: URL, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return fork(file, args, {
    execArgv: ['--conditions=@event-analytics/source', '--import', import.meta.resolve('tsx')],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** The next message, whatever it is. @throws Error when the process ends instead */
export async function nextMessage(child: ChildProcess, name: string): Promise<unknown> {
  const stopped = new AbortController();
  const { signal } = stopped;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]: unknown[]) => message),
      once(child, 'exit', { signal }).then(([code]: unknown[]) => {
        throw new Error(`${name} ended with ${String(code)}`);
      }),
    ]);
  } finally {
    stopped.abort();
  }
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}
