import type { DuckDBConnection } from '@duckdb/node-api';

export interface DuckDb {
  connection: DuckDBConnection;
  close: () => void;
}

/** What it may take where rows are large: some thousand are under way at once. Where they are not, it takes little. */
const MEMORY_LIMIT = '1GB';

export class ParquetUnavailableError extends Error {
  override readonly name = 'ParquetUnavailableError';
}

/**
 * DuckDB in this process, of one thread, which reads and writes Parquet. It installs and loads nothing from elsewhere.
 * @throws ParquetUnavailableError where it is not installed: it is large, and nothing else needs it
 */
export async function openDuckDb(): Promise<DuckDb> {
  const { DuckDBInstance } = await import('@duckdb/node-api').catch((cause: unknown) => {
    throw new ParquetUnavailableError(
      'Parquet is read and written by DuckDB, which is not installed here: "npm install @duckdb/node-api" beside the importer installs it',
      { cause },
    );
  });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY_LIMIT,
    // One thread keeps the rows in their order, and leaves the other cores to the rest.
    threads: '1',
    // Each byte is read once.
    enable_external_file_cache: 'false',
    // Rows come in their order from one thread, and go out without waiting for a whole group of them.
    preserve_insertion_order: 'false',
    // None: what does not fit is refused, and no file is left in the directory it runs in.
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** The file of this name alone: where DuckDB reads files, a name is a pattern that others may match as well. */
export function patternOf(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}
