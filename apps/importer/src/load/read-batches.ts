import { validateCsvFields, type EventLimits } from '@event-analytics/event-schema';

import { HeaderError, readHeader, type ColumnOrder } from '../csv/header.js';
import { parseRecords, type ParsedRecord } from '../csv/parse-records.js';
import { createRecordScanner, type ScannedRecord } from '../csv/record-scanner.js';
import type { Batch, RejectedRow } from './batch.js';

export interface ReadOptions {
  limits: EventLimits;
  clock: () => number;
  batchSize: number;
  /** A batch of large rows is closed early. */
  batchBytesMax: number;
  maxRecordBytes: number;
  /** True once reading is to stop: what was not read to its end is then no row. */
  stopped: () => boolean;
}

/** Reads CSV bytes as batches of validated rows, in the order of the file. Throws HeaderError before any row. */
export async function* readBatches(
  bytes: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<Batch> {
  let columns: ColumnOrder | undefined;
  for await (const records of groupRecords(bytes, options)) {
    const rows = columns ? records : records.slice(1);
    columns ??= await headerOf(records[0]);
    if (rows.length > 0) yield await toBatch(rows, columns, options);
  }
  if (!columns && !options.stopped()) throw new HeaderError('no header: the input is empty');
}

/** Groups of complete records; the header comes first and is part of the first group. */
async function* groupRecords(
  bytes: AsyncIterable<Uint8Array>,
  { batchSize, batchBytesMax, maxRecordBytes, stopped }: ReadOptions,
): AsyncGenerator<ScannedRecord[]> {
  const scanner = createRecordScanner({ maxRecordBytes });
  let group: ScannedRecord[] = [];
  let groupBytes = 0;

  function* grouped(records: ScannedRecord[]): Generator<ScannedRecord[]> {
    for (const record of records) {
      group.push(record);
      groupBytes += record.bytes.length;
      if (group.length < batchSize && groupBytes < batchBytesMax) continue;
      yield group;
      group = [];
      groupBytes = 0;
    }
  }

  for await (const chunk of bytes) {
    yield* grouped(scanner.push(chunk));
    if (stopped()) return;
  }
  if (stopped()) return;
  yield* grouped(scanner.end());
  if (group.length > 0) yield group;
}

async function headerOf(record: ScannedRecord | undefined): Promise<ColumnOrder> {
  const { parsed, refused } = await parseRecords(record ? [record] : []);
  if (!parsed[0]) throw new HeaderError(`the header is no CSV row: ${refused[0]?.message ?? 'it is empty'}`);
  return readHeader(parsed[0].fields);
}

async function toBatch(records: ScannedRecord[], columns: ColumnOrder, options: ReadOptions): Promise<Batch> {
  const { parsed, refused } = await parseRecords(records);
  const batch: Batch = { events: [], rejected: refused };
  const nowMs = options.clock();
  for (const record of parsed) {
    const { line, bytes, fields } = record;
    if (fields.length !== columns.count) {
      batch.rejected.push(wrongColumnCount(record, columns));
      continue;
    }
    const checked = validateCsvFields(columns.toCsvFields(fields), { limits: options.limits, nowMs });
    if (checked.ok) {
      batch.events.push({ line, bytes, event: checked.event });
    } else {
      const code = checked.problems[0]?.code ?? 'invalid_type';
      const message = checked.problems.map((problem) => problem.message).join(' ');
      batch.rejected.push({ line, bytes, code, message });
    }
  }
  batch.rejected.sort((a, b) => a.line - b.line);
  return batch;
}

function wrongColumnCount({ line, bytes, fields }: ParsedRecord, columns: ColumnOrder): RejectedRow {
  const message = `${columns.count} fields expected, as the header has, but the row has ${fields.length}`;
  return { line, bytes, code: 'wrong_column_count', message };
}
