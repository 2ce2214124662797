import {
  buildStep,
  createFoldMemory,
  ensureIndexes,
  foldActivityLog,
  sealStep,
  tidyIfDue,
  type Database,
  type FoldMemory,
} from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import type { Progress } from './progress.js';

/** (bucket, type, user)s of a step, about: what the indexer takes in its quarter of a second. */
const STEP_ENTRIES = 100_000;
const BUCKETS_MAX = 96 * 31;
const PROGRESS_MS = 10_000;

export interface IndexBuild {
  zones: readonly string[];
  buildMs: number;
  sealMs: number;
  steps: number;
  monthsSealed: number;
}

/** Builds the index anew from all events, as an indexer does that has nothing else to do, with the same sets. */
export async function buildIndex(
  db: Database,
  { zones, progress }: { zones: readonly string[]; progress: Progress },
): Promise<{ build: IndexBuild; memory: FoldMemory }> {
  await forgetIndex(db);
  const memory = createFoldMemory(portableUserSets);
  const { notIndexable } = await ensureIndexes(db, zones);
  if (notIndexable.length > 0) throw new Error(`no index for ${notIndexable.join(', ')}`);

  const beganMs = performance.now();
  let toldMs = beganMs;
  let steps = 0;
  let bucketsMax = 4;
  for (;;) {
    const step = await buildStep(db, memory, { bucketsMax }).catch((error: unknown) => {
      // Where thin history ends a step is of far too much: the server gives up on who is silent for long.
      if (bucketsMax === 1) throw error;
      bucketsMax = Math.ceil(bucketsMax / 4);
      return 'smaller' as const;
    });
    if (step === 'smaller') continue;
    if (step === undefined) break;
    steps++;
    await tidyIfDue(db, memory);
    // The log is empty but for what was just written here; a step that finds too much of it waits for the fold.
    if (step.postponed) await foldEverything(db, memory);
    else {
      const wanted = (bucketsMax * STEP_ENTRIES) / Math.max(1, step.entries);
      bucketsMax = Math.round(Math.max(1, Math.min(BUCKETS_MAX, 2 * bucketsMax, wanted)));
    }
    if (performance.now() - toldMs > PROGRESS_MS) {
      toldMs = performance.now();
      const { range, extent } = step;
      const share = (range.to - extent.from) / (extent.to - extent.from);
      progress(`index ${(100 * share).toFixed(0)} % built`);
    }
  }
  const builtMs = performance.now();
  const monthsSealed = await sealEverything(db, memory);
  const endMs = performance.now();
  await db.run((sql) => sql.unsafe('VACUUM (ANALYZE) activity_users, activity_counts, users, event_types'));
  const build = { zones, buildMs: builtMs - beganMs, sealMs: endMs - builtMs, steps, monthsSealed };
  return { build, memory };
}

/** @returns how many months */
export async function sealEverything(db: Database, memory: FoldMemory): Promise<number> {
  let months = 0;
  for (;;) {
    const step = await sealStep(db, memory, Date.now());
    if (step === undefined) return months;
    if (step.sealed) months++;
    await tidyIfDue(db, memory);
  }
}

/** Also the dictionary: users are numbered in the order in which they come, which is another with more history. */
export async function forgetIndex(db: Database): Promise<void> {
  await db.run((sql) =>
    sql.unsafe(`
      TRUNCATE activity_log, activity_users, activity_counts, activity_indexes, users, event_types;
      UPDATE activity_state SET seq = 0, next_user = 0, next_type = 1`),
  );
}

export async function foldEverything(db: Database, memory: FoldMemory): Promise<void> {
  for (const historical of [false, true]) {
    for (;;) {
      const fold = await foldActivityLog(db, memory, { historical, entriesMax: 50_000 });
      if (fold === undefined) throw new Error('somebody else is folding');
      if (!fold.more) break;
    }
  }
}
