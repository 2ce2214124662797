import type { Database } from '../database.js';
import { listIndexedZones } from '../queries/activity_indexes_list.js';
import { bucketsBuilt, buildStep } from './build.js';
import { dropRetiredStep } from './drop-retired.js';
import type { FoldMemory } from './fold.js';
import { foldActivityLog } from './fold-log.js';
import { requestReindex } from './request-reindex.js';
import { createStepSize } from './step-size.js';
import { tidyIfDue } from './tidy.js';

const STEP_MS = 250;
const BUCKETS_MAX = 96 * 31;
const FOLD_ENTRIES = 20_000;
/** Somebody else has the fold's lock: the writers' indexer, which does the same. */
const TURN_MS = 50;
const LOOK_MS = 5_000;

/** None of these zones is indexed. */
export class ZonesNotIndexedError extends Error {
  override readonly name = 'ZonesNotIndexedError';

  constructor(
    readonly zones: readonly string[],
    readonly indexed: readonly string[],
  ) {
    super(`not indexed: ${zones.join(', ')}; indexed are: ${indexed.join(', ') || 'none'}`);
  }
}

export interface ReindexOptions {
  /** Default: all that are indexed. */
  zones?: readonly string[] | undefined;
  onProgress: (share: number) => void;
  pause: (ms: number) => Promise<void>;
  /** Aborted: leaves what is half built to the writers' indexer, or to the next who asks. */
  signal: AbortSignal;
}

export interface ReindexResult {
  zones: string[];
  interrupted: boolean;
  /** (bucket, type, user)s that this process read from events; the writers' indexer may have read others. */
  entries: number;
}

/**
 * Builds indexes anew from events, beside those that answer, whose place they take; ingest and folding go on. Killed
 * and called again it goes on where it was.
 * @throws ZonesNotIndexedError
 */
export async function reindex(db: Database, memory: FoldMemory, o: ReindexOptions): Promise<ReindexResult> {
  const indexed = [...(await listIndexedZones(db, { timeoutMs: LOOK_MS })).keys()];
  const unknown = (o.zones ?? []).filter((zone) => !indexed.includes(zone));
  if (unknown.length > 0) throw new ZonesNotIndexedError(unknown, indexed);
  const zones = await requestReindex(db, o.zones);
  const buckets = createStepSize({ first: 4, min: 1, max: BUCKETS_MAX, targetMs: STEP_MS });
  let entries = 0;
  while (!o.signal.aborted && (await remaining(db)) > 0) {
    const step = await buckets.measured((bucketsMax) => buildStep(db, memory, { bucketsMax }), bucketsBuilt);
    await tidyIfDue(db, memory);
    if (step === undefined) await o.pause(TURN_MS);
    else if (step.postponed) await foldSome(db, memory);
    else {
      entries += step.entries;
      const { range, extent } = step;
      o.onProgress(extent.to > extent.from ? (range.to - extent.from) / (extent.to - extent.from) : 1);
    }
  }
  while (!o.signal.aborted && (await dropRetiredStep(db, memory)) !== undefined);
  return { zones, interrupted: o.signal.aborted, entries };
}

async function remaining(db: Database): Promise<number> {
  const [row] = await db.run(
    (sql) => sql<{ building: number }[]>`
      SELECT count(*)::int4 AS building FROM activity_indexes WHERE state = 'building'`,
  );
  return row?.building ?? 0;
}

/** Some of both halves of the log, where somebody waits for it to be short. */
export async function foldSome(db: Database, memory: FoldMemory): Promise<void> {
  for (const historical of [false, true]) {
    await foldActivityLog(db, memory, { historical, entriesMax: FOLD_ENTRIES });
  }
}
