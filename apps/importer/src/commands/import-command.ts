import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { EventLimits } from '@event-analytics/event-schema';
import {
  beginImport,
  forgetImport,
  ImportStateError,
  readImport,
  type BegunImport,
  type Database,
  type ImportSummary as StoredImport,
} from '@event-analytics/timescale';

import { EXIT, interruptedBy, type ExitCode } from '../exit-codes.js';
import type { RejectedRow } from '../load/rejected-row.js';
import { digestOfFile } from '../load/file-digest.js';
import type { ImportCounts } from '../load/import-chunks.js';
import { importInput } from '../load/import-input.js';
import { readStoredSettings, storedSettings, type ImportSettings } from '../load/import-settings.js';
import {
  createRejectFile,
  RejectFileError,
  type RejectFile,
  type RejectFileOptions,
} from '../load/reject-file.js';
import {
  defaultRejectFile,
  type ImportManner,
  type ImportRequest,
  type ResumeRequest,
} from '../options/import-options.js';
import { detectFormat } from '../read/detect-format.js';
import { openError } from '../read/open-input.js';
import type { Messages } from '../report/messages.js';
import type { Progress } from '../report/progress.js';
import {
  describeSummary,
  summarize,
  summarizeFile,
  type FileSummary,
  type ImportSummary,
} from '../report/summary.js';

export interface ImportDependencies {
  /** Undefined with --dry-run. */
  db: Database | undefined;
  /** Throws when the database cannot be reached or has no tables for events. */
  check: () => Promise<void>;
  /** Words for people about an error. */
  describe: (error: unknown) => string;
  limits: EventLimits;
  stdin: Readable;
  clock: () => number;
  pause: (ms: number) => Promise<void>;
  messages: Messages;
  progress: Progress;
  signal: AbortSignal;
}

export interface ImportOutcome {
  summary: ImportSummary;
  exitCode: ExitCode;
}

const REJECTS_SHOWN_MAX = 5;

/** The input is not the one that the import began with. */
class OtherInputError extends Error {
  override readonly name = 'OtherInputError';
}

/** One input of a command: what is known of it before it is read, and what came of it. */
interface Input {
  file: string;
  id: number | undefined;
  counts: ImportCounts;
  rejects: RejectFile | undefined;
}

/** Imports the files one after another; stops at the first that fails. */
export async function runImport(request: ImportRequest, o: ImportDependencies): Promise<ImportOutcome> {
  const importFile = async (input: Input): Promise<void> => {
    const { file } = input;
    const format = request.settings.format ?? (await detectFormat(file, o.stdin, o.signal));
    const settings: ImportSettings = {
      read: { ...request.settings, format },
      limits: o.limits,
      again: request.again ? new Date(o.clock()).toISOString() : undefined,
    };
    if (o.db) {
      const begun = await begin(o.db, file, settings, o.signal);
      if (begun === undefined) return;
      input.id = begun.id;
      if (begun.state === 'finished') return tellFinished(input, await readImport(o.db, begun.id), o);
      if (!begun.begun) o.messages.info('import_resumed', `${file}: going on with import ${begun.id}`);
      else o.messages.info('import_begun', `${file}: import ${begun.id}`, { file, id: begun.id });
    }
    await importOne(input, settings, request, { ...o, onFailed: () => forgetWhereEmpty(input, o.db) });
  };
  return await runInputs(request.files, importFile, { ...o, dryRun: request.dryRun });
}

/** What was refused before its first row is nothing to go on with. */
async function forgetWhereEmpty(input: Input, db: Database | undefined): Promise<void> {
  if (db === undefined || input.id === undefined) return;
  if (await forgetImport(db, input.id).catch(() => false)) input.id = undefined;
}

/** Goes on with an import that was not finished. */
export async function runResume(request: ResumeRequest, o: ImportDependencies): Promise<ImportOutcome> {
  const { id } = request;
  const { db } = o;
  if (db === undefined) throw new TypeError('an import goes on in a database');
  const resume = async (input: Input): Promise<void> => {
    const stored = await readImport(db, id);
    input.file = request.file ?? stored?.source ?? input.file;
    if (stored === undefined || stored.state === 'undone' || stored.state === 'undoing') {
      throw new ImportStateError(id, stored?.state, 'cannot go on with');
    }
    input.id = id;
    if (stored.state === 'finished') return tellFinished(input, stored, o);
    if (stored.digest !== null) await requireSame(input.file, stored.digest, id, o.signal);
    await importOne(input, readStoredSettings(stored.settings), request, o);
  };
  return await runInputs([request.file ?? `import ${id}`], resume, { ...o, dryRun: false });
}

/** Undefined: it was stopped before. */
async function begin(
  db: Database,
  file: string,
  settings: ImportSettings,
  signal: AbortSignal,
): Promise<BegunImport | undefined> {
  // A file that cannot be read is told of when it is opened for its rows.
  const known = await digestOfFile(file, signal).catch(() => undefined);
  if (signal.aborted) return undefined;
  return await beginImport(db, {
    source: file === '-' ? file : resolve(file),
    settings: storedSettings(settings),
    digest: known?.digest,
    sizeBytes: known?.sizeBytes,
  });
}

async function requireSame(file: string, digest: string, id: number, signal: AbortSignal): Promise<void> {
  const now = await digestOfFile(file, signal).catch((cause: unknown) => {
    throw openError(cause);
  });
  if (now?.digest === digest) return;
  const what = now === undefined ? 'is not there' : 'is no longer the file that it began with';
  throw new OtherInputError(
    `import ${id} cannot go on: ${file} ${what} (SHA-256 ${digest}); put that back or name where it is, or import the new one by itself`,
  );
}

function tellFinished(
  input: Input,
  stored: StoredImport | undefined,
  { messages }: ImportDependencies,
): void {
  const { rows, rejected } = stored?.counts ?? { rows: 0, rejected: 0 };
  input.counts = { rows, rejected, storedBefore: rows - rejected, inserted: 0, duplicates: 0 };
  const when = stored?.endedAt?.toISOString() ?? 'before';
  const text = `${input.file}: imported already, as import ${input.id} (${when}); --again begins anew`;
  messages.info('already_imported', text, { id: input.id });
}

/** Does the work for each input until one fails, and says what came of all. */
async function runInputs(
  files: readonly string[],
  work: (input: Input) => Promise<void>,
  o: ImportDependencies & { dryRun: boolean },
): Promise<ImportOutcome> {
  const { clock, messages, signal, progress } = o;
  const startedAt = clock();
  const done: FileSummary[] = [];
  let error = await reasonAgainst(() => (o.db ? o.check() : Promise.resolve()), o);
  if (error !== undefined) messages.error('import_failed', error);
  for (const file of files) {
    if (signal.aborted || error !== undefined) break;
    const input: Input = { file, id: undefined, counts: emptyCounts(), rejects: undefined };
    const reason = await reasonAgainst(() => work(input), o);
    progress.stop();
    done.push(
      summarizeFile(input.file, input.counts, {
        id: input.id,
        dryRun: o.dryRun,
        rejectFile: input.rejects?.path(),
      }),
    );
    if (reason === undefined || signal.aborted) continue;
    error = `${input.file === '-' ? 'standard input' : input.file}: ${reason}`;
    messages.error('import_failed', error, { file: input.file });
  }
  const summary = summarize(done, {
    elapsedMs: clock() - startedAt,
    dryRun: o.dryRun,
    interrupted: signal.aborted,
    error,
  });
  messages.info('import_finished', describeSummary(summary));
  return { summary, exitCode: exitCodeOf(summary, signal) };
}

/** Why it failed, in words; undefined: it did not. */
async function reasonAgainst(
  work: () => Promise<void>,
  { describe }: ImportDependencies,
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return describe(error);
  }
}

async function importOne(
  input: Input,
  settings: ImportSettings,
  manner: ImportManner,
  o: ImportDependencies & { onFailed?: () => Promise<void> },
): Promise<void> {
  const { file, id, counts } = input;
  const { describe, messages, progress } = o;
  const showRejected = rejectedRowsTeller(file, o);
  progress.start(file);
  await importInput(
    {
      file,
      settings,
      target: o.db && id !== undefined ? { db: o.db, id } : undefined,
      limits: o.limits,
      chunkBytes: manner.chunkBytes,
      atOnce: manner.connections,
      maxRejects: manner.maxRejects,
      stdin: o.stdin,
      openRejects: (opened) => (input.rejects = openRejects(file, manner, id === undefined, opened)),
      onRejected: showRejected,
      onRetry: (error, waitMs) => {
        progress.stop();
        messages.warn('write_retried', `${describe(error)}; trying again in ${waitMs} ms`, {
          wait_ms: waitMs,
        });
      },
      onProgress: progress.update,
      onFailed: o.onFailed,
      clock: o.clock,
      pause: o.pause,
      signal: o.signal,
    },
    counts,
  );
}

/** Shows the first few. */
function rejectedRowsTeller(
  file: string,
  { messages, progress }: ImportDependencies,
): (rows: readonly RejectedRow[]) => void {
  let shown = 0;
  return (rows) => {
    for (const { line, code, message } of rows.slice(0, REJECTS_SHOWN_MAX - shown)) {
      shown += 1;
      progress.stop();
      const last = shown === REJECTS_SHOWN_MAX ? ' (further rows are not shown)' : '';
      messages.warn('row_rejected', `${file}:${line}: ${code}: ${message}${last}`, { file, line, code });
    }
  };
}

/** A dry run writes nothing, unless the file for the rejects was asked for by name. */
function openRejects(
  file: string,
  { rejectFile }: ImportManner,
  dryRun: boolean,
  opened: RejectFileOptions,
): RejectFile | undefined {
  if (rejectFile !== undefined) {
    if (resolve(rejectFile) === resolve(file)) {
      throw new RejectFileError(`${rejectFile} cannot take what it holds itself; see --reject-file`);
    }
    return createRejectFile(rejectFile, opened);
  }
  if (dryRun) return undefined;
  return createRejectFile(defaultRejectFile(file), opened);
}

function emptyCounts(): ImportCounts {
  return { rows: 0, storedBefore: 0, inserted: 0, duplicates: 0, rejected: 0 };
}

function exitCodeOf(summary: ImportSummary, signal: AbortSignal): ExitCode {
  if (signal.aborted) return interruptedBy(signal);
  if (summary.error !== null) return EXIT.failed;
  return summary.rejected > 0 ? EXIT.someRejected : EXIT.ok;
}
