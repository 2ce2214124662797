#!/usr/bin/env node
import { ConfigError, VERSION } from '@event-analytics/service-kit';
import {
  checkDatabase,
  classifyDatabaseError,
  connectDatabase,
  createFoldMemory,
  migrate,
  recount,
  reindex,
  writeEvents,
  ZonesNotIndexedError,
  type Database,
} from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import { setTimeout as sleep } from 'node:timers/promises';
import { hideBin } from 'yargs/helpers';

import { parseCommandLine, UsageError, type CommandLine } from './command-line.js';
import { runImport } from './commands/import-command.js';
import { runMigrate } from './commands/migrate-command.js';
import { runRecount } from './commands/recount-command.js';
import { runReindex } from './commands/reindex-command.js';
import { readConfig } from './config.js';
import { describeDatabaseError } from './describe-database-error.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { createMessages } from './report/messages.js';
import { createProgressBar, createProgressLines, silentProgress, type Progress } from './report/progress.js';
import {
  createShareBar,
  createShareLines,
  silentShare,
  type ShareProgress,
} from './report/share-progress.js';

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
    switch (commandLine.command) {
      case 'import':
        return await runImportCommand(commandLine);
      case 'migrate':
        return await runMigrateCommand(commandLine);
      case 'recount':
        return await runRecountCommand(commandLine);
      case 'reindex':
        return await runReindexCommand(commandLine);
    }
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

async function runRecountCommand(
  commandLine: CommandLine & { command: 'recount' },
): ReturnType<typeof runRecount> {
  return await withIndexDatabase(commandLine, (db, common) =>
    runRecount({
      ...common,
      recount: (onProgress) => recount(db, portableUserSets, { onProgress }),
      limit: commandLine.limit,
    }),
  );
}

async function runReindexCommand(
  commandLine: CommandLine & { command: 'reindex' },
): ReturnType<typeof runReindex> {
  const { zones } = commandLine;
  return await withIndexDatabase(commandLine, (db, common) =>
    runReindex({
      ...common,
      reindex: (onProgress) =>
        reindex(db, createFoldMemory(portableUserSets), { zones, onProgress, pause, signal }),
      isUsage: (error) => error instanceof ZonesNotIndexedError,
    }),
  );
}

/** What the two commands about the index have in common. */
async function withIndexDatabase<T>(
  commandLine: CommandLine & { command: 'recount' | 'reindex' },
  work: (
    db: Database,
    common: {
      describe: (error: unknown) => string | undefined;
      clock: () => number;
      messages: ReturnType<typeof createMessages>;
      progress: ShareProgress;
    },
  ) => Promise<T>,
): Promise<T> {
  const { databaseUrl } = readConfig(commandLine.databaseUrl);
  const db = connectDatabase({
    url: databaseUrl,
    applicationName: 'event-importer',
    maxConnections: CONNECTIONS,
  });
  const messages = messagesFor(commandLine);
  try {
    return await work(db, {
      describe: (error) => describeDatabaseError(error, databaseUrl),
      clock,
      messages,
      progress: shareProgressFor(commandLine, messages),
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

function shareProgressFor(
  { command, json, quiet }: CommandLine,
  messages: ReturnType<typeof createMessages>,
): ShareProgress {
  if (quiet) return silentShare;
  return process.stderr.isTTY && !json
    ? createShareBar(process.stderr, command)
    : createShareLines(messages, clock, command);
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
