import type { DatabaseErrorClass, DatabaseState } from '@event-analytics/timescale';
import type { RetryTiming } from './write/backoff.js';
import { StoppedError } from './write/stopped.js';

export interface PrepareDatabaseOptions {
  /** Absent: somebody else migrates, and this waits for it. */
  migrate?: () => Promise<unknown>;
  check: () => Promise<DatabaseState>;
  classify: (error: unknown) => DatabaseErrorClass;
  log: {
    info(event: string, context: Record<string, unknown>): void;
    warn(event: string, context: Record<string, unknown>): void;
    error(event: string, context: Record<string, unknown>): void;
  };
  timing: RetryTiming;
  stopping: AbortSignal;
}

/** Returns when the database has the schema that this code needs; waits for it as long as it takes. */
export async function prepareDatabase(o: PrepareDatabaseOptions): Promise<void> {
  let lastProblem: string | undefined;
  for (let attempt = 1; !o.stopping.aborted; attempt += 1) {
    try {
      await o.migrate?.();
      const state = await o.check();
      if (state.migrated) {
        o.log.info('database_ready', { version: state.version, storage: state.storage });
        return;
      }
      if (lastProblem !== 'waiting') o.log.info('database_not_migrated', { migrate_on_start: false });
      lastProblem = 'waiting';
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      const context = { error: problem, attempt };
      if (problem !== lastProblem) {
        if (o.classify(error).kind === 'retryable') o.log.warn('database_not_ready', context);
        else o.log.error('database_not_ready', context);
      }
      lastProblem = problem;
    }
    await o.timing.pause(o.timing.delayMs(attempt), o.stopping);
  }
  throw new StoppedError();
}
