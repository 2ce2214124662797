import type { DuckDBConnection } from '@duckdb/node-api';

export interface DuckDb {
  connection: DuckDBConnection;
  close: () => void;
}

/** What it may take beside the rows that are under way; a vector of large rows has to fit. */
const MEMORY_LIMIT = '128MB';

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
