import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readStackConfig, StackConfigError } from './cli/config.js';
import { createProgress } from './cli/progress.js';
import { runStack, type RunOptions, type RunningStack } from './cli/run.js';
import { StepError } from './cli/run-step.js';
import { openWorkspace } from './cli/workspace.js';
import { ServerStartError } from './server-process.js';

const USAGE = `Usage: npm start [-- --reset --no-sample]   the servers, the services and the sample
       npm run infra [-- --reset]            the servers alone
`;

/** How long a start that was interrupted may take to notice before we leave; the watchdog then ends the servers. */
const INTERRUPT_TIMEOUT_MS = 20_000;

const say = createProgress();
const stopping = new AbortController();
let exitCode = 0;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!stopping.signal.aborted) say(`Stopping (${signal})`);
    stopping.abort();
  });
}

await main().then(
  () => process.exit(exitCode),
  (error: unknown) => {
    const expected = [StackConfigError, StepError, ServerStartError].some((type) => error instanceof type);
    console.error(expected && error instanceof Error ? `error: ${error.message}` : error);
    process.exit(1);
  },
);

async function main(): Promise<void> {
  const options = readArguments();
  if (!options) return;
  const starting = runStack(options);
  let stack: RunningStack | undefined;
  try {
    stack = await Promise.race([starting, interrupted()]);
  } catch (error) {
    if (stopping.signal.aborted) return;
    throw error;
  }
  if (!stack) return;
  await stopWanted();
  await stack.stop();
  say('Stopped');
}

async function interrupted(): Promise<undefined> {
  await stopWanted();
  await sleep(INTERRUPT_TIMEOUT_MS);
  return undefined;
}

function stopWanted(): Promise<void> {
  return new Promise((resolve) => {
    // Neither servers nor signals keep a process alive.
    const stay = setInterval(() => undefined, 60_000);
    const go = (): void => {
      clearInterval(stay);
      resolve();
    };
    if (stopping.signal.aborted) go();
    else stopping.signal.addEventListener('abort', go, { once: true });
  });
}

function readArguments(): RunOptions | undefined {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        reset: { type: 'boolean', default: false },
        'no-sample': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new StackConfigError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return undefined;
  }
  if ((command !== 'start' && command !== 'infra') || rest.length > 0) throw new StackConfigError(USAGE);
  const workspace = openWorkspace(process.env);
  const envFile = join(workspace.root, '.env');
  if (existsSync(envFile)) {
    process.loadEnvFile(envFile);
    say(`Settings are read from ${envFile}; the environment goes before it`);
  }
  return {
    command,
    reset: values.reset,
    sample: !values['no-sample'],
    config: readStackConfig(process.env),
    env: process.env,
    workspace,
    say,
    signal: stopping.signal,
    giveUp(reason) {
      console.error(`error: ${reason}. Everything stops.`);
      exitCode = 1;
      stopping.abort();
    },
  };
}
