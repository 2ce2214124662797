import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { WritableEvent } from '@event-analytics/timescale';

import type { RejectedRow } from '../load/rejected-row.js';
import { openDuckDb, patternOf } from '../parquet/open-duckdb.js';
import type { Chunk, JudgedChunk } from './chunk.js';
import { createLineJudge } from './json-rows.js';
import { InputError } from './open-input.js';
import type { Reading, ReadChunksOptions } from './read-chunks.js';
import type { ReadSettings } from './read-settings.js';
import { isProblem, type RowProblem } from './row-verdict.js';

/** A chunk ends with so many rows, however small they are. */
const CHUNK_ROWS_MAX = 10_000;

/**
 * Opens a Parquet file for its rows. Each is made the line of JSON that says the same, and judged as one: a column is a
 * key, NULL and numbers that are none are absent, timestamps are RFC 3339 (those without a zone are UTC, or as of
 * --timezone), structs and maps objects, JSON what it holds, and all else what DuckDB's to_json makes of it. Positions
 * are rows, from 0; a row that is rejected is kept as its line of JSON.
 * @throws InputError for a file that cannot be read as Parquet; ParquetUnavailableError
 */
export async function readParquetChunks(
  path: string,
  settings: ReadSettings,
  options: ReadChunksOptions,
): Promise<Reading> {
  if (path === '-') throw new InputError('Parquet cannot be read from standard input: name a file');
  const sizeBytes = await sizeOf(path);
  const duckDb = await openDuckDb();
  let isOpen = true;
  const close = (): void => {
    if (isOpen) duckDb.close();
    isOpen = false;
  };
  try {
    const { connection } = duckDb;
    const pattern = patternOf(path);
    const rows = await countRows(connection, pattern);
    const vectors = await openLines(connection, pattern, { settings, rows });
    const judge = createLinesJudge(settings, options);
    let rowsRead = 0;
    return {
      chunks: parquetChunks(vectors, judge, options, (count) => (rowsRead = count)),
      header: undefined,
      sizeBytes,
      bytesRead: () => (rows === 0 ? sizeBytes : Math.floor((sizeBytes * rowsRead) / rows)),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`;
    throw new InputError(what, { cause });
  });
  if (!info.isFile()) throw new InputError('is no file');
  return info.size;
}

async function countRows(connection: DuckDBConnection, pattern: string): Promise<number> {
  const sql = 'SELECT num_rows FROM parquet_file_metadata($1)';
  const result = await connection.runAndReadAll(sql, [pattern]).catch(refuseFile);
  return Number(result.getRows()[0]?.[0] ?? 0);
}

/** Of its own columns: a directory called `year=2024` would be one more. */
const FILE = 'read_parquet($1, hive_partitioning = false)';

/** The rows as lines of JSON, some thousand at a time. */
async function openLines(
  connection: DuckDBConnection,
  pattern: string,
  { settings, rows }: { settings: ReadSettings; rows: number },
): Promise<AsyncIterable<string[]>> {
  const described = await connection
    .runAndReadAll(`DESCRIBE SELECT * FROM ${FILE}`, [pattern])
    .catch(refuseFile);
  const members = described
    .getRows()
    .map(([name, type]) => jsonMember(String(name), String(type), settings.timezone !== undefined));
  const sql = `SELECT '{' || concat_ws(',', ${members.join(', ')}) || '}' FROM ${FILE}`;
  const result = await connection.stream(sql, [pattern]).catch(refuseFile);
  return (async function* () {
    let read = 0;
    for (;;) {
      const vectors = await result.fetchChunk().catch(refuseFile);
      if (vectors === null || vectors.rowCount === 0) break;
      read += vectors.rowCount;
      yield vectors.getColumnValues(0).map(String);
    }
    if (read >= rows) return;
    // A stream that comes upon damage ends as one does that was read to its end. Read otherwise, it says what it is.
    const otherwise = `SELECT max(length(line)) FROM (${sql}) AS lines(line)`;
    const reason = await connection.run(otherwise, [pattern]).then(() => 'unknown reason', reasonOf);
    throw new InputError(
      `only ${read} of its ${rows} rows can be read (${reason}): get or make the file anew, what was stored stays`,
    );
  })();
}

/** SQL for `"column":value`, or for NULL. */
function jsonMember(column: string, type: string, isLocal: boolean): string {
  const name = `"${column.replaceAll('"', '""')}"`;
  const key = `'${JSON.stringify(column).replaceAll("'", "''")}:'`;
  return `${key} || ${jsonValue(name, type, isLocal)}`;
}

function jsonValue(name: string, type: string, isLocal: boolean): string {
  const json = `CASE WHEN ${name} IS NOT NULL THEN to_json(${name})::VARCHAR END`;
  // A list, whatever of.
  if (type.endsWith(']')) return json;
  if (type === 'TIMESTAMP WITH TIME ZONE') return timestamp(`make_timestamp(epoch_us(${name}))`, 'Z');
  if (type.startsWith('TIMESTAMP')) return timestamp(`${name}::TIMESTAMP`, isLocal ? '' : 'Z');
  // As it is written: to_json would write large numbers in it anew.
  if (type === 'JSON') return `${name}::VARCHAR`;
  if (type.startsWith('DECIMAL')) return `${name}::VARCHAR`;
  // What has no NULL of its own writes NaN for it.
  if (type === 'FLOAT' || type === 'DOUBLE') return `CASE WHEN isfinite(${name}) THEN ${name}::VARCHAR END`;
  return json;
}

/** With three digits where they are enough: the one spelling of an instant, which is quickly checked. */
function timestamp(sql: string, suffix: string): string {
  const written = (fraction: string): string =>
    `strftime(${sql}, '"%Y-%m-%dT%H:%M:%S.${fraction}${suffix}"')`;
  return `CASE WHEN epoch_us(${sql}) % 1000 = 0 THEN ${written('%g')} ELSE ${written('%f')} END`;
}

async function* parquetChunks(
  vectors: AsyncIterable<string[]>,
  judge: (lines: readonly string[], firstLine: number) => JudgedChunk,
  { signal, chunkBytes, done }: ReadChunksOptions,
  onRead: (rows: number) => void,
): AsyncGenerator<Chunk> {
  const doneStarts = [...done.keys()].sort((a, b) => a - b);
  let lines: string[] = [];
  let bytes = 0;
  let start = 0;
  let end = endFrom(start);

  for await (const vector of vectors) {
    for (const line of vector) {
      lines.push(line);
      bytes += line.length;
      if (start + lines.length < end && (done.has(start) || bytes < chunkBytes)) continue;
      if (signal.aborted) return;
      yield* taken();
    }
    if (signal.aborted) return;
    onRead(start + lines.length);
  }
  if (lines.length > 0) yield* taken();

  function* taken(): Generator<Chunk> {
    const chunk = chunkOf(lines, start, judge);
    const before = done.get(start);
    if (before === undefined) yield chunk;
    else if (before.digest !== chunk.digest) {
      throw new InputError(
        `the input changed: rows ${start} to ${chunk.end} are not those that were imported`,
      );
    }
    start = chunk.end;
    end = endFrom(start);
    lines = [];
    bytes = 0;
  }

  /** Where the chunk that begins here ends at the latest: that of one that is done stands; no other reaches into it. */
  function endFrom(from: number): number {
    const nextDone = doneStarts.find((at) => at > from) ?? Infinity;
    return done.get(from)?.end ?? Math.min(from + CHUNK_ROWS_MAX, nextDone);
  }
}

function chunkOf(
  lines: readonly string[],
  start: number,
  judge: (lines: readonly string[], firstLine: number) => JudgedChunk,
): Chunk {
  const firstLine = start + 1;
  return {
    start,
    end: start + lines.length,
    firstLine,
    lines: lines.length,
    digest: createHash('sha256').update(lines.join('\n')).digest('hex'),
    judge: () => Promise.resolve(judge(lines, firstLine)),
  };
}

function createLinesJudge(
  settings: ReadSettings,
  { limits, clock, maxRowBytes, fast = true }: ReadChunksOptions,
): (lines: readonly string[], firstLine: number) => JudgedChunk {
  const judgeLine = createLineJudge(settings, { limits, fast });
  return (lines, firstLine) => {
    const nowMs = clock();
    const events: WritableEvent[] = [];
    const rows: number[] = [];
    const rejected: RejectedRow[] = [];
    for (const [index, text] of lines.entries()) {
      const line = firstLine + index;
      const bytes = Buffer.from(text);
      const isTooLarge = bytes.length > maxRowBytes;
      const verdict = isTooLarge ? tooLarge(maxRowBytes) : judgeLine(bytes, nowMs);
      if (isProblem(verdict)) {
        rejected.push({ line, bytes: isTooLarge ? bytes.subarray(0, maxRowBytes) : bytes, ...verdict });
      } else {
        events.push(verdict);
        rows.push(index);
      }
    }
    const rowOf = (event: number): { line: number; bytes: Uint8Array } => {
      const index = rows[event] ?? 0;
      return { line: firstLine + index, bytes: Buffer.from(lines[index] ?? '') };
    };
    return { events, rejected, rowOf };
  };
}

function tooLarge(maxRowBytes: number): RowProblem {
  const message = `a row may have ${maxRowBytes} bytes; only that many are kept of this one`;
  return { code: 'record_too_large', message };
}

function refuseFile(cause: unknown): never {
  throw new InputError(`cannot be read as Parquet (${reasonOf(cause)})`, { cause });
}

/** DuckDB's first line says what it found; the others are for those who wrote the query. */
function reasonOf(cause: unknown): string {
  const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return reason;
}
