import { rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { EXPORT_CSV_COLUMNS, type EventSelection, type ExportForm } from '@event-analytics/timescale';

import { openParquetWriter } from '../parquet/write-parquet.js';
import type { ExportRequest } from './export-options.js';
import { createOutputFile, OutputError } from './output-file.js';
import { writeText, type Written } from './write-text.js';

export type ReadEvents = <T>(
  what: EventSelection & { form: ExportForm },
  read: (pieces: AsyncIterable<Uint8Array>) => Promise<T>,
) => Promise<T>;

export interface ExportToOptions {
  exportEvents: ReadEvents;
  stdout: Writable;
  onProgress: (written: Written) => void;
  signal: AbortSignal;
}

const CSV_HEADER = `${EXPORT_CSV_COLUMNS.join(',')}\n`;

/**
 * Writes the events to where they are to go. A file that could not be written to its end is removed.
 * @throws OutputError; ParquetUnavailableError; an AbortError; what exportEvents throws
 */
export async function exportTo(request: ExportRequest, o: ExportToOptions): Promise<Written> {
  const { output, format, gzip, selection } = request;
  if (output === '-') {
    return await write({ form: textForm(format), to: () => o.stdout, gzip, end: false });
  }
  const file = await createOutputFile(output);
  try {
    const written =
      format === 'parquet'
        ? await writeRowsAsParquet(file.partPath)
        : await write({ form: textForm(format), to: file.stream, gzip, end: true });
    await file.keep();
    return written;
  } catch (error) {
    await file.discard();
    throw error;
  }

  function write(how: {
    form: ExportForm;
    to: () => Writable;
    gzip: boolean;
    end: boolean;
  }): Promise<Written> {
    const header = how.form === 'csv' ? CSV_HEADER : '';
    const { onProgress, signal } = o;
    return o.exportEvents({ ...selection, form: how.form }, (pieces) =>
      writeText(pieces, how.to(), { header, gzip: how.gzip, end: how.end, onProgress, signal }),
    );
  }

  /** By a file of rows: DuckDB reads no stream, and the server would have to wait for it. */
  async function writeRowsAsParquet(path: string): Promise<Written> {
    if (path === output) throw new OutputError(`Parquet needs a file, which ${output} is not`);
    const rowsPath = `${path}.rows`;
    const writer = await openParquetWriter();
    try {
      const to = (): Writable => createWriteStream(rowsPath);
      const written = await write({ form: 'rows', to, gzip: false, end: true });
      await writer.write(rowsPath, path, { signal: o.signal });
      return written;
    } finally {
      writer.close();
      await rm(rowsPath, { force: true });
    }
  }
}

function textForm(format: ExportRequest['format']): ExportForm {
  return format === 'ndjson' ? 'ndjson' : 'csv';
}
