#!/usr/bin/env node
import { ConfigError, VERSION } from '@event-analytics/service-kit';
import {
  checkDatabase,
  classifyDatabaseError,
  connectDatabase,
  migrate,
  writeEvents,
  type Database,
} from '@event-analytics/timescale';
import { setTimeout as sleep } from 'node:timers/promises';
import { hideBin } from 'yargs/helpers';

import { parseCommandLine, UsageError, type CommandLine } from './command-line.js';
import { runImport } from './commands/import-command.js';
import { runMigrate } from './commands/migrate-command.js';
import { readConfig } from './config.js';
import { describeDatabaseError } from './describe-database-error.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { createMessages } from './report/messages.js';
import { createProgressBar, createProgressLines, silentProgress, type Progress } from './report/progress.js';

const CONNECTIONS = 2;
const CLOSE_SECONDS = 5;
const CHECK_TIMEOUT_MS = 10_000;

const clock = Date.now;
const signal = listenForSignals();
const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);

const { exitCode, summary } = await run();
if (summary === undefined) process.exit(exitCode);
process.stdout.write(`${JSON.stringify(summary)}\n`, () => process.exit(exitCode));

async function run(): Promise<{ exitCode: ExitCode; summary?: object }> {
  try {
    const commandLine = await parseCommandLine(hideBin(process.argv), VERSION);
    return commandLine.command === 'import'
      ? await runImportCommand(commandLine)
      : await runMigrateCommand(commandLine);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    const hint = error instanceof UsageError ? ' (see --help)' : '';
    process.stderr.write(`event-importer: ${error.message}${hint}\n`);
    return { exitCode: EXIT.usage };
  }
}

async function runImportCommand(
  commandLine: CommandLine & { command: 'import' },
): ReturnType<typeof runImport> {
  const { request } = commandLine;
  const config = readConfig(commandLine.databaseUrl);
  const db = request.dryRun
    ? undefined
    : connectDatabase({
        url: config.databaseUrl,
        applicationName: 'event-importer',
        maxConnections: CONNECTIONS,
      });
  const messages = messagesFor(commandLine);
  try {
    return await runImport(request, {
      database: db && {
        check: () => checkReady(db),
        writeEvents: (events) => writeEvents(db, events),
        classify: classifyDatabaseError,
        describe: (error) => describeDatabaseError(error, config.databaseUrl),
      },
      limits: config.limits,
      stdin: process.stdin,
      clock,
      pause,
      messages,
      progress: progressFor(commandLine, messages),
      signal,
    });
  } finally {
    await db?.end({ timeout: CLOSE_SECONDS });
  }
}

async function runMigrateCommand(
  commandLine: CommandLine & { command: 'migrate' },
): ReturnType<typeof runMigrate> {
  const { databaseUrl } = readConfig(commandLine.databaseUrl);
  const db = connectDatabase({ url: databaseUrl, applicationName: 'event-importer', maxConnections: 1 });
  const messages = messagesFor(commandLine);
  try {
    return await runMigrate({
      migrate: () => migrate(db),
      isPassing: (error) => classifyDatabaseError(error).kind === 'retryable',
      describe: (error) => describeDatabaseError(error, databaseUrl),
      waitMs: commandLine.waitSeconds * 1_000,
      clock,
      pause,
      messages,
      signal,
    });
  } finally {
    await db.end({ timeout: CLOSE_SECONDS });
  }
}

async function checkReady(db: Database): Promise<void> {
  const { migrated } = await checkDatabase(db, { timeoutMs: CHECK_TIMEOUT_MS });
  if (!migrated) throw new Error('the database has no event tables yet: run "event-importer migrate" first');
}

function messagesFor({ json, quiet }: CommandLine): ReturnType<typeof createMessages> {
  return createMessages({ write: (line) => process.stderr.write(line), json, quiet, clock });
}

function progressFor({ json, quiet }: CommandLine, messages: ReturnType<typeof createMessages>): Progress {
  if (quiet) return silentProgress;
  return process.stderr.isTTY && !json
    ? createProgressBar(process.stderr, clock)
    : createProgressLines(messages, clock);
}

/** The first signal lets the batches in hand finish; the second does not wait for them. */
function listenForSignals(): AbortSignal {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (interruption.signal.aborted) process.exit(name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
      interruption.abort(name);
    });
  }
  return interruption.signal;
}
