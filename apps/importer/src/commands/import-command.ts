import type { Readable } from 'node:stream';

import type { EventLimits } from '@event-analytics/event-schema';

import { EXIT, type ExitCode } from '../exit-codes.js';
import type { EventRow, RejectedRow } from '../load/batch.js';
import { importFile, type ImportCounts } from '../load/import-file.js';
import { createRejectFile, type RejectFile } from '../load/reject-file.js';
import { writeRows, type ClassifyError, type WriteEvents } from '../load/write-rows.js';
import type { Messages } from '../report/messages.js';
import type { Progress } from '../report/progress.js';
import {
  describeSummary,
  summarize,
  summarizeFile,
  type FileSummary,
  type ImportSummary,
} from '../report/summary.js';

export interface ImportRequest {
  /** Paths; '-' is standard input. */
  files: string[];
  batchSize: number;
  /** Undefined: FILE.rejects.csv, or rejects.csv for standard input. */
  rejectFile: string | undefined;
  dryRun: boolean;
}

export interface ImportDatabase {
  /** Throws when it cannot be reached or has no tables for events. */
  check: () => Promise<void>;
  writeEvents: WriteEvents;
  classify: ClassifyError;
  /** Words for people about an error of the database. */
  describe: (error: unknown) => string | undefined;
}

export interface ImportDependencies {
  /** Undefined with --dry-run. */
  database: ImportDatabase | undefined;
  limits: EventLimits;
  stdin: Readable;
  clock: () => number;
  pause: (ms: number) => Promise<void>;
  messages: Messages;
  progress: Progress;
  signal: AbortSignal;
}

const BATCHES_IN_FLIGHT = 2;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** The widest properties allowed, every character escaped twice over, is less. */
const RECORD_BYTES_MAX = 1024 * 1024;
const RETRY_FOR_MS = 60_000;
const REJECTS_SHOWN_MAX = 5;

/** Imports the files one after another; stops at the first that fails. */
export async function runImport(
  request: ImportRequest,
  dependencies: ImportDependencies,
): Promise<{ summary: ImportSummary; exitCode: ExitCode }> {
  const { clock, messages, signal } = dependencies;
  const startedAt = clock();
  const files: FileSummary[] = [];
  let error = await databaseFault(dependencies.database);
  if (error !== undefined) messages.error('import_failed', error);

  for (const file of request.files) {
    if (signal.aborted || error !== undefined) break;
    const { counts, rejects, failure } = await importOne(file, request, dependencies);
    files.push(summarizeFile(file, counts, { dryRun: request.dryRun, rejectFile: rejects?.path() }));
    if (failure) {
      const name = file === '-' ? 'standard input' : file;
      error = `${name}: ${reasonOf(failure.error, dependencies.database)}`;
      messages.error('import_failed', error, { file });
    }
  }

  const summary = summarize(files, {
    elapsedMs: clock() - startedAt,
    dryRun: request.dryRun,
    interrupted: signal.aborted,
    error,
  });
  messages.info('import_finished', describeSummary(summary));
  return { summary, exitCode: exitCodeOf(summary, signal) };
}

async function importOne(
  file: string,
  request: ImportRequest,
  dependencies: ImportDependencies,
): Promise<{ counts: ImportCounts; rejects: RejectFile | undefined; failure?: { error: unknown } }> {
  const { database, limits, stdin, clock, messages, progress, signal } = dependencies;
  const rejects = rejectFileFor(file, request);
  let shown = 0;
  const onRejected = (rows: readonly RejectedRow[]): void => {
    for (const { line, code, message } of rows.slice(0, REJECTS_SHOWN_MAX - shown)) {
      shown += 1;
      progress.stop();
      const last = shown === REJECTS_SHOWN_MAX ? ' (further rows are not shown)' : '';
      messages.warn('row_rejected', `${file}:${line}: ${code}: ${message}${last}`, { file, line, code });
    }
  };

  progress.start(file);
  const { counts, error } = await importFile(file, {
    stdin,
    limits,
    clock,
    signal,
    rejects,
    onRejected,
    batchSize: request.batchSize,
    batchBytesMax: BATCH_BYTES_MAX,
    maxRecordBytes: RECORD_BYTES_MAX,
    batchesInFlight: BATCHES_IN_FLIGHT,
    write: database && ((rows: EventRow[]) => writeRows(rows, writeOptions(database, dependencies))),
    onProgress: progress.update,
  });
  progress.stop();
  await rejects?.close();
  return { counts, rejects, ...(error === undefined ? {} : { failure: { error } }) };
}

function writeOptions(
  database: ImportDatabase,
  dependencies: ImportDependencies,
): Parameters<typeof writeRows>[1] {
  const { clock, messages, pause, progress, signal } = dependencies;
  return {
    write: database.writeEvents,
    classify: database.classify,
    retryForMs: RETRY_FOR_MS,
    clock,
    pause,
    stopped: () => signal.aborted,
    onRetry: (error, waitMs) => {
      progress.stop();
      const reason = database.describe(error) ?? 'the database did not take a batch';
      messages.warn('write_retried', `${reason}; trying again in ${waitMs} ms`, { wait_ms: waitMs });
    },
  };
}

/** A dry run writes nothing, unless the file for the rejects was asked for by name. */
function rejectFileFor(file: string, request: ImportRequest): RejectFile | undefined {
  if (request.rejectFile !== undefined) return createRejectFile(request.rejectFile);
  if (request.dryRun) return undefined;
  return createRejectFile(file === '-' ? 'rejects.csv' : `${file}.rejects.csv`);
}

/** Why the database cannot be written to: told at once, not after a minute of retries. */
async function databaseFault(database: ImportDatabase | undefined): Promise<string | undefined> {
  try {
    await database?.check();
    return undefined;
  } catch (error) {
    return reasonOf(error, database);
  }
}

function reasonOf(error: unknown, database: ImportDatabase | undefined): string {
  return database?.describe(error) ?? (error instanceof Error ? error.message : String(error));
}

function exitCodeOf(summary: ImportSummary, signal: AbortSignal): ExitCode {
  if (signal.aborted) return signal.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
  if (summary.error !== null) return EXIT.failed;
  return summary.rejected > 0 ? EXIT.someRejected : EXIT.ok;
}
