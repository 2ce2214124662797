#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { connectNats, type ClientLog, type NatsConnectionHandle } from '@event-analytics/nats-client';
import { ConfigError, VERSION } from '@event-analytics/service-kit';
import { hideBin } from 'yargs/helpers';
import { parseCommandLine, UsageError, type CommandLine } from './dlq/command-line.js';
import { readConfig, type DlqConfig } from './dlq/config.js';
import { addressOf, describeNatsError } from './dlq/describe-nats-error.js';
import { runDrop } from './dlq/drop-command.js';
import { EXIT, type ExitCode } from './dlq/exit-codes.js';
import { createLetterFile } from './dlq/letter-file.js';
import { runList } from './dlq/list-command.js';
import { createMessages } from './dlq/messages.js';
import { runReplay } from './dlq/replay-command.js';
import { openShelf } from './dlq/shelf.js';
import { runShow } from './dlq/show-command.js';
import { createFailpoint } from './failpoint.js';

const CONNECT_WAIT_MS = 5_000;
// What goes wrong with the connection is said once, by who needed it.
const silent: ClientLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const clock = Date.now;
const signal = listenForSignals();

process.exit(await run());

async function run(): Promise<ExitCode> {
  try {
    const commandLine = await parseCommandLine(hideBin(process.argv), VERSION);
    const config = readConfig();
    const nats = await connectNats({
      servers: config.natsUrl,
      name: 'dlq',
      log: silent,
      firstWaitMs: CONNECT_WAIT_MS,
    });
    try {
      return await runCommand(commandLine, nats, config);
    } finally {
      await nats.close();
    }
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    const hint = error instanceof UsageError ? ' (see --help)' : '';
    process.stderr.write(`dlq: ${error.message}${hint}\n`);
    return EXIT.usage;
  }
}

async function runCommand(
  commandLine: CommandLine,
  nats: NatsConnectionHandle,
  config: DlqConfig,
): Promise<ExitCode> {
  const { json, quiet } = commandLine;
  const messages = createMessages({ write: (line) => process.stderr.write(line), json, quiet, clock });
  if (!nats.connected()) {
    const reason = nats.status().lastError ?? `no answer within ${String(CONNECT_WAIT_MS)} ms`;
    messages.error('nats_unreachable', `${addressOf(config.natsUrl)} cannot be reached: ${reason}`);
    return EXIT.failed;
  }
  const failpoint = createFailpoint(config.failpoint);
  const shelf = openShelf(nats, { names: config.names, onPublished: () => failpoint('after_publish') });
  const common = { shelf, print, messages, signal, clock };
  try {
    switch (commandLine.command) {
      case 'list':
        return await runList(commandLine.request, common);
      case 'show':
        return await runShow(commandLine.request, common);
      case 'replay':
        return await summarized(runReplay(commandLine.request, { ...common, readFile: readPayload }));
      case 'drop':
        return await summarized(runDrop(commandLine.request, { ...common, createFile: createLetterFile }));
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    messages.error('dlq_failed', `${addressOf(config.natsUrl)}: ${describeNatsError(error)}`);
    return EXIT.failed;
  }
}

async function summarized(result: Promise<{ summary?: object; exitCode: ExitCode }>): Promise<ExitCode> {
  const { summary, exitCode } = await result;
  if (summary) await print(`${JSON.stringify(summary)}\n`);
  return exitCode;
}

/** Resolves when it was written; a reader that has gone, such as head, has seen enough. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

async function readPayload(path: string): Promise<Uint8Array> {
  try {
    return path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw new UsageError(`--payload ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The first signal lets the letters in hand finish; the second does not wait for them. */
function listenForSignals(): AbortSignal {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (interruption.signal.aborted) process.exit(name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
      interruption.abort(name);
    });
  }
  process.stdout.on('error', () => process.exit(EXIT.ok));
  return interruption.signal;
}
