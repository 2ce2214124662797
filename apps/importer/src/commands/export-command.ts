import type { Writable } from 'node:stream';

import { EXIT, interruptedBy, type ExitCode } from '../exit-codes.js';
import type { ExportRequest } from '../export/export-options.js';
import type { ExportProgress } from '../export/export-progress.js';
import { exportTo, type ReadEvents } from '../export/export-to.js';
import type { Written } from '../export/write-text.js';
import type { Messages } from '../report/messages.js';

export interface ExportDependencies {
  database: {
    /** Throws what is in the way of asking it. */
    check: () => Promise<void>;
    exportEvents: ReadEvents;
    /** An operator's words for an error. */
    describe: (error: unknown) => string;
  };
  stdout: Writable;
  clock: () => number;
  messages: Messages;
  progress: ExportProgress;
  signal: AbortSignal;
}

export interface ExportSummary {
  /** Null: standard output. */
  output: string | null;
  format: ExportRequest['format'];
  /** Events that are in the output; 0 where it failed, for there is none then. */
  events: number;
  /** Of the text, before it is compressed or made Parquet. */
  bytes: number;
  seconds: number;
  events_per_second: number;
  interrupted: boolean;
  error: string | null;
}

/** Writes events to a file or to standard output. `summary` is for standard output: undefined where events went there. */
export async function runExport(
  request: ExportRequest,
  dependencies: ExportDependencies,
): Promise<{ summary?: ExportSummary; exitCode: ExitCode }> {
  const { clock, database, messages, progress, signal, stdout } = dependencies;
  const startedAt = clock();
  let sent: Written = { events: 0, bytes: 0 };
  let failure: { error: unknown } | undefined;
  try {
    await database.check();
    sent = await exportTo(request, {
      exportEvents: database.exportEvents,
      stdout,
      signal,
      onProgress: (written) => {
        sent = { ...written };
        progress.update(written);
      },
    });
  } catch (error) {
    failure = { error };
  }
  progress.stop();

  const toStdout = request.output === '-';
  const interrupted = failure !== undefined && signal.aborted;
  const error = failure && !interrupted ? reasonOf(failure.error) : null;
  // What was written to standard output is there; a file is whole, or is not there.
  const kept = failure && !toStdout ? { events: 0, bytes: 0 } : sent;
  const elapsedMs = clock() - startedAt;
  const summary: ExportSummary = {
    output: toStdout ? null : request.output,
    format: request.format,
    ...kept,
    seconds: Math.round(elapsedMs) / 1_000,
    events_per_second: elapsedMs > 0 ? Math.round((1_000 * kept.events) / elapsedMs) : 0,
    interrupted,
    error,
  };
  tell(summary, messages);
  const exitCode = failure ? (interrupted ? interruptedBy(signal) : EXIT.failed) : EXIT.ok;
  return toStdout ? { exitCode } : { summary, exitCode };

  function reasonOf(error: unknown): string {
    if (isClosedPipe(error)) return 'standard output was closed before everything was written';
    return database.describe(error);
  }
}

function tell(summary: ExportSummary, messages: Messages): void {
  const n = (value: number): string => value.toLocaleString('en-US');
  const { error, events, interrupted, output, seconds, events_per_second: rate } = summary;
  const left = output === null ? 'what was written ends in the middle' : `${output} is as it was before`;
  if (error !== null) messages.error('export_failed', `${error}; ${left}`, { ...summary });
  else if (interrupted) messages.warn('export_interrupted', `interrupted: ${left}`, { ...summary });
  else messages.info('exported', `${n(events)} events in ${seconds} s (${n(rate)}/s)`, { ...summary });
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
