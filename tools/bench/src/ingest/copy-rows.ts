import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COPIED_COLUMNS, countRows, withDatabase } from '../database.js';
import type { EndToEnd } from './end-to-end.js';
import type { Stack } from './stack.js';

const run = promisify(execFile);

export interface CopyFigures {
  rows: number;
  seconds: number;
  rowsPerSecond: number;
}

/** psql's \copy into a table like that of the services: same migrations, same key, filled by the same rows in turn. */
export interface CopyYardstick {
  /** The rows that were taken between these instants. @throws Error when they are not `events` */
  copy(taken: { from: string; to: string; events: number }): Promise<CopyFigures>;
}

/** @returns undefined where there is no psql beside the server */
export async function createCopyYardstick(
  stack: Stack,
  system: EndToEnd,
): Promise<CopyYardstick | undefined> {
  const { psql } = stack;
  if (psql === undefined) return undefined;
  const databaseUrl = await stack.createDatabase('copied');
  const tell = (url: string, command: string) =>
    run(psql, ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', url, '--command', command], {
      env: { PATH: process.env['PATH'], PGTZ: 'UTC' },
    });
  const rowsNow = () => withDatabase(databaseUrl, countRows);

  return {
    async copy({ from, to, events }) {
      const file = join(stack.scratch, 'rows.csv');
      const taken = `SELECT ${COPIED_COLUMNS} FROM events WHERE received_at BETWEEN '${from}' AND '${to}'`;
      await tell(system.databaseUrl, `\\copy (${taken}) TO '${file}' CSV`);
      await system.db.run((sql) => sql`CHECKPOINT`);
      const rowsBefore = await rowsNow();
      const beganMs = performance.now();
      await tell(databaseUrl, `\\copy events (${COPIED_COLUMNS}) FROM '${file}' CSV`);
      const seconds = (performance.now() - beganMs) / 1_000;
      await rm(file);
      const rows = (await rowsNow()) - rowsBefore;
      if (rows !== events)
        throw new Error(`${String(rows)} rows copied, ${String(events)} were taken in that time`);
      return { rows, seconds, rowsPerSecond: rows / seconds };
    },
  };
}
