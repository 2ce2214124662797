import { EXIT, interruptedBy, type ExitCode } from '../exit-codes.js';
import type { Messages } from '../report/messages.js';

export interface MigrateDependencies {
  migrate: () => Promise<{ applied: string[]; storage: string }>;
  /** Is it worth asking the database again? */
  isPassing: (error: unknown) => boolean;
  describe: (error: unknown) => string;
  waitMs: number;
  clock: () => number;
  pause: (ms: number) => Promise<void>;
  messages: Messages;
  signal: AbortSignal;
}

export interface MigrateSummary {
  applied: string[];
  storage: string | null;
  error: string | null;
}

const ASK_AGAIN_MS = 500;

/** Migrates once the database is there. */
export async function runMigrate(
  dependencies: MigrateDependencies,
): Promise<{ summary: MigrateSummary; exitCode: ExitCode }> {
  const { clock, describe, isPassing, messages, pause, signal, waitMs } = dependencies;
  const giveUpAt = clock() + waitMs;
  for (let told = false; ; told = true) {
    try {
      const { applied, storage } = await dependencies.migrate();
      const what = applied.length > 0 ? `applied ${applied.join(', ')}` : 'the schema is up to date';
      messages.info('migrated', `${what} (storage: ${storage})`, { applied, storage });
      return { summary: { applied, storage, error: null }, exitCode: EXIT.ok };
    } catch (error) {
      const reason = describe(error);
      if (!isPassing(error) || clock() >= giveUpAt || signal.aborted) {
        messages.error('migration_failed', reason);
        const exitCode = signal.aborted ? interruptedBy(signal) : EXIT.failed;
        return { summary: { applied: [], storage: null, error: reason }, exitCode };
      }
      if (!told) messages.warn('database_awaited', `${reason}; waiting up to ${waitMs / 1_000} s for it`);
      await pause(ASK_AGAIN_MS);
    }
  }
}
