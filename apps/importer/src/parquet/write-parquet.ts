import { openDuckDb, patternOf } from './open-duckdb.js';

/** Larger than any event: properties of 256 KiB, with spaces and quoted. */
const LINE_BYTES_MAX = 4_194_304;
/** A row group ends with the first of the two; it is held in memory by who writes and by who reads it. */
const ROW_GROUP_ROWS = 40_960;
const ROW_GROUP_BYTES = 16_777_216;

export interface ParquetWriter {
  /**
   * Writes events as Parquet: event_id (UUID), user_id, event_type (text), occurred_at (timestamp, UTC) and properties
   * (JSON).
   * @param rowsPath CSV without a header: event_id, occurred_at, user_id, event_type, properties
   */
  write: (rowsPath: string, to: string, o: { signal: AbortSignal }) => Promise<void>;
  close: () => void;
}

/** @throws ParquetUnavailableError */
export async function openParquetWriter(): Promise<ParquetWriter> {
  const { connection, close } = await openDuckDb();
  return {
    close,
    async write(rowsPath, to, { signal }) {
      const interrupt = (): void => connection.interrupt();
      signal.throwIfAborted();
      signal.addEventListener('abort', interrupt, { once: true });
      try {
        await connection.run(copyStatement(rowsPath, to));
      } finally {
        signal.removeEventListener('abort', interrupt);
      }
    },
  };
}

function copyStatement(rowsPath: string, to: string): string {
  return `
    COPY (
      SELECT event_id, user_id, event_type, occurred_at, properties::JSON AS properties
      FROM read_csv(${literal(patternOf(rowsPath))}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
        new_line = '\\n', null_padding = false, max_line_size = ${LINE_BYTES_MAX}, buffer_size = ${2 * LINE_BYTES_MAX},
        columns = {
          'event_id': 'UUID', 'occurred_at': 'TIMESTAMPTZ', 'user_id': 'VARCHAR', 'event_type': 'VARCHAR',
          'properties': 'VARCHAR'
        })
    ) TO ${literal(to)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES})`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
