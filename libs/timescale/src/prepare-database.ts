import type { DatabaseState } from './check-database.js';
import { classifyDatabaseError } from './classify-error.js';
import { schemaNewer } from './migrate.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** What has not changed is said again after so long. */
const REMIND_MS = 60_000;

export interface PrepareDatabaseOptions {
  /** Absent: somebody else migrates, and this waits for it. */
  migrate?: () => Promise<unknown>;
  check: () => Promise<DatabaseState>;
  /**
   * Whether a schema that a newer version has made will do. It does for who only reads; of who writes it may ask more
   * than this version knows of.
   */
  newerSchema: 'tolerate' | 'refuse';
  log: {
    info(event: string, context: Record<string, unknown>): void;
    warn(event: string, context: Record<string, unknown>): void;
    error(event: string, context: Record<string, unknown>): void;
  };
  /** Returns early once the signal is aborted. */
  pause: (ms: number) => Promise<void>;
  signal: AbortSignal;
}

export interface DatabasePreparation {
  /** Whether the database has a schema that will do; false once the signal was aborted. Never rejects. */
  ready: Promise<boolean>;
  /** Why waiting will not help, as far as is known now: somebody has to do something. For health checks. */
  refusal(): string | undefined;
}

/**
 * Waits for the schema that this code needs, as long as it takes: a server that is away comes back, a migration that was
 * edited is put right, a newer version is rolled back. What is the matter is logged when it changes, and again about
 * every minute: what passes by itself as a warning, what does not as an error.
 */
export function prepareDatabase(o: PrepareDatabaseOptions): DatabasePreparation {
  let refusal: string | undefined;
  let told: string | undefined;
  let silentMs = 0;
  return { ready: prepare(), refusal: () => refusal };

  async function prepare(): Promise<boolean> {
    for (let waitMs = FIRST_WAIT_MS; !o.signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        const state = await schemaOf(o);
        refusal = undefined;
        if (state.migrated) {
          o.log.info('database_ready', { version: state.version, storage: state.storage });
          return true;
        }
        tell('not migrated', () =>
          o.log.info('database_not_migrated', { migrate_on_start: o.migrate !== undefined }),
        );
      } catch (error) {
        const isPassing = classifyDatabaseError(error).kind === 'retryable';
        const problem = error instanceof Error ? error.message : String(error);
        refusal = isPassing ? undefined : problem;
        tell(problem, () =>
          isPassing
            ? o.log.warn('database_not_ready', { error })
            : o.log.error('database_not_ready', { error }),
        );
      }
      silentMs += waitMs;
      // Several copies that start together do not come back together.
      await o.pause(waitMs * (0.5 + Math.random() / 2));
    }
    return false;
  }

  function tell(problem: string, log: () => void): void {
    if (problem === told && silentMs < REMIND_MS) return;
    told = problem;
    silentMs = 0;
    log();
  }
}

/** @throws DatabaseError schema_newer where that is refused, whoever migrates; what migrating and checking throw */
async function schemaOf({
  migrate,
  check,
  newerSchema,
  log,
}: PrepareDatabaseOptions): Promise<DatabaseState> {
  await migrate?.().catch((error: unknown) => {
    if (newerSchema === 'refuse' || classifyDatabaseError(error).name !== 'schema_newer') throw error;
  });
  const state = await check();
  if (state.newer === undefined) return state;
  if (newerSchema === 'refuse') throw schemaNewer(state.newer);
  log.warn('schema_newer', { migration: state.newer });
  return state;
}
