#!/usr/bin/env node
import { ConfigError, VERSION } from '@event-analytics/service-kit';
import {
  checkDatabase,
  classifyDatabaseError,
  connectDatabase,
  createFoldMemory,
  exportEvents,
  listImports,
  migrate,
  readImport,
  recount,
  reindex,
  schemaNewer,
  undoImport,
  ZonesNotIndexedError,
  type Database,
  type DatabaseState,
} from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import { setTimeout as sleep } from 'node:timers/promises';
import { hideBin } from 'yargs/helpers';

import { parseCommandLine, UsageError, type CommandLine } from './command-line.js';
import { runExport } from './commands/export-command.js';
import { runImport, runResume, type ImportDependencies } from './commands/import-command.js';
import { runImportList, runImportStatus } from './commands/imports-commands.js';
import { runMigrate } from './commands/migrate-command.js';
import { runRecount } from './commands/recount-command.js';
import { runReindex } from './commands/reindex-command.js';
import { runUndo } from './commands/undo-command.js';
import { readConfig } from './config.js';
import { describeError } from './describe-error.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import {
  createExportBar,
  createExportLines,
  silentExport,
  type ExportProgress,
} from './export/export-progress.js';
import { createMessages } from './report/messages.js';
import { createProgressBar, createProgressLines, silentProgress, type Progress } from './report/progress.js';
import {
  createShareBar,
  createShareLines,
  silentShare,
  type ShareProgress,
} from './report/share-progress.js';

const CONNECTIONS = 3;
/** The server lets go of what a host held that vanished without a word within a minute; by default, within hours. */
const KEEPALIVES = { tcp_keepalives_idle: '30', tcp_keepalives_interval: '10', tcp_keepalives_count: '3' };
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
      case 'import resume':
        return await runResumeCommand(commandLine);
      case 'import list':
      case 'import status':
        return await runImportsCommand(commandLine);
      case 'import undo':
        return await runUndoCommand(commandLine);
      case 'export':
        return await runExportCommand(commandLine);
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
  return await withImportDependencies(commandLine, request.connections, !request.dryRun, (o) =>
    runImport(request, o),
  );
}

async function runResumeCommand(
  commandLine: CommandLine & { command: 'import resume' },
): ReturnType<typeof runResume> {
  const { request } = commandLine;
  return await withImportDependencies(commandLine, request.connections, true, (o) => runResume(request, o));
}

/** Beside those that store: one that holds the import, and one for what is looked up meanwhile. */
async function withImportDependencies<T>(
  commandLine: CommandLine,
  connections: number,
  writes: boolean,
  work: (o: ImportDependencies) => Promise<T>,
): Promise<T> {
  const config = readConfig(commandLine.databaseUrl);
  const { databaseUrl: url, limits } = config;
  const db = writes
    ? connectDatabase({
        url,
        applicationName: 'event-importer',
        maxConnections: connections + 2,
        settings: KEEPALIVES,
      })
    : undefined;
  const messages = messagesFor(commandLine);
  try {
    return await work({
      db,
      check: async () => await (db && checkWritable(db)),
      describe: (error) => describeError(error, url),
      limits,
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

async function runImportsCommand(
  commandLine: CommandLine & { command: 'import list' | 'import status' },
): Promise<{ exitCode: ExitCode }> {
  return await withDatabase(commandLine, async (db, { describe, messages }) => {
    const o = { describe, messages, print: (text: string) => void process.stdout.write(text) };
    return commandLine.command === 'import list'
      ? await runImportList(commandLine, { ...o, list: () => listImports(db) })
      : await runImportStatus(commandLine.id, { ...o, read: (id) => readImport(db, id) });
  });
}

async function runUndoCommand(
  commandLine: CommandLine & { command: 'import undo' },
): ReturnType<typeof runUndo> {
  const { id } = commandLine;
  return await withDatabase(commandLine, (db, common) =>
    runUndo(id, {
      ...common,
      signal,
      async undo(onProgress, counts) {
        await checkWritable(db);
        const memory = createFoldMemory(portableUserSets);
        return await undoImport(db, memory, id, { onProgress, pause, signal }, counts);
      },
    }),
  );
}

async function runExportCommand(
  commandLine: CommandLine & { command: 'export' },
): ReturnType<typeof runExport> {
  return await withDatabase(commandLine, (db, { describe, messages }) =>
    runExport(commandLine.request, {
      database: {
        check: async () => void (await checkReady(db)),
        exportEvents: (what, read) => exportEvents(db, what, read),
        describe,
      },
      stdout: process.stdout,
      clock,
      messages,
      progress: exportProgressFor(commandLine, messages),
      signal,
    }),
  );
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
      describe: (error) => describeError(error, databaseUrl),
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
  return await withDatabase(commandLine, (db, common) =>
    runRecount({
      ...common,
      signal,
      recount: (onProgress) => recount(db, portableUserSets, { onProgress, signal }),
      limit: commandLine.limit,
    }),
  );
}

async function runReindexCommand(
  commandLine: CommandLine & { command: 'reindex' },
): ReturnType<typeof runReindex> {
  const { zones } = commandLine;
  return await withDatabase(commandLine, (db, common) =>
    runReindex({
      ...common,
      signal,
      async reindex(onProgress) {
        await checkWritable(db);
        const memory = createFoldMemory(portableUserSets);
        return await reindex(db, memory, { zones, onProgress, pause, signal });
      },
      isUsage: (error) => error instanceof ZonesNotIndexedError,
    }),
  );
}

/** What the commands that work within the database have in common. */
async function withDatabase<T>(
  commandLine: CommandLine,
  work: (
    db: Database,
    common: {
      describe: (error: unknown) => string;
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
    settings: KEEPALIVES,
  });
  const messages = messagesFor(commandLine);
  try {
    return await work(db, {
      describe: (error) => describeError(error, databaseUrl),
      clock,
      messages,
      progress: shareProgressFor(commandLine, messages),
    });
  } finally {
    await db.end({ timeout: CLOSE_SECONDS });
  }
}

async function checkReady(db: Database): Promise<DatabaseState> {
  const state = await checkDatabase(db, { timeoutMs: CHECK_TIMEOUT_MS });
  if (state.migrated) return state;
  throw new Error('the database has no event tables yet: run "event-importer migrate" first');
}

/** Of who writes, a schema that a newer version has made may ask more than this version knows of. */
async function checkWritable(db: Database): Promise<void> {
  const { newer } = await checkReady(db);
  if (newer !== undefined) throw schemaNewer(newer);
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

function exportProgressFor(
  { json, quiet }: CommandLine,
  messages: ReturnType<typeof createMessages>,
): ExportProgress {
  if (quiet) return silentExport;
  return process.stderr.isTTY && !json
    ? createExportBar(process.stderr, clock)
    : createExportLines(messages, clock);
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
