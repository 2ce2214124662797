import { setTimeout as sleep } from 'node:timers/promises';
import type { UserSets } from '@event-analytics/user-sets';
import type { Database } from '../database.js';
import { lookAtActivity, type ActivityOutlook } from '../queries/activity_outlook.js';
import { bucketsBuilt, buildStep, type BuildStep } from './build.js';
import { dropRetiredStep } from './drop-retired.js';
import { createFoldMemory } from './fold.js';
import { foldActivityLog, foldSortedHistory, type FoldResult } from './fold-log.js';
import { ensureIndexes } from './indexes.js';
import { sealStep } from './seal.js';
import { createStepSize } from './step-size.js';
import { tidyIfDue } from './tidy.js';

/** From the beginning of one look at the log to that of the next. */
const INTERVAL_MS = 200;
/**
 * Entries of one fold of what is recent: bounds its memory. As a rule it takes a fraction of a second. Of very many types
 * in many zones it could be too much: the server ends who is silent for 5 s between two statements. Far from that, for the
 * larger a fold is, the less an entry costs.
 */
const RECENT_ENTRIES = { first: 50_000, min: 500, max: 50_000, targetMs: 2_000 };
/** What is not urgent is done in steps of about this long, for what is urgent waits for a step. */
const STEP_MS = 150;
/** Scattered history is folded as it was logged up to so many entries: more would take longer than a step. */
const SORT_ABOVE = 1_000;
const SEAL_LOOK_MS = 60_000;
/** Somebody else builds, or a chunk is being compressed: the server logs each try for its lock. */
const BUILD_LOOK_MS = 1_000;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 10_000;

export interface IndexerOptions {
  /** Of two connections: one folds, the other tidies up meanwhile. */
  db: Database;
  userSets: UserSets;
  /** IANA names: an index is made for each that has none. */
  zones: readonly string[];
  /** Users whose numbers are kept in memory; about 100 bytes each. */
  usersRemembered: number;
  log: {
    info(event: string, context: Record<string, unknown>): void;
    warn(event: string, context: Record<string, unknown>): void;
  };
  /** Milliseconds since 1970. */
  clock: () => number;
  onFold?: (fold: FoldResult & { seconds: number }) => void;
  onFailure?: () => void;
}

export interface IndexerStatus {
  /** As of the last look; undefined where there was none, or it failed. */
  outlook: ActivityOutlook | undefined;
  /** How far the indexes in the making are, 0 to 1, by zone ('' is the counts). */
  building: ReadonlyMap<string, number>;
}

export interface Indexer {
  status(): IndexerStatus;
  /** Finishes the step in hand. */
  stop(): Promise<void>;
}

/**
 * Keeps the index up with the log: folds what is recent several times a second, and between that does one step
 * of what can wait: history, building, sealing, clearing away. Never rejects: what fails is tried again. Any number
 * may run on one database; they take turns.
 */
export function startIndexer(o: IndexerOptions): Indexer {
  const memory = createFoldMemory(o.userSets, o.usersRemembered);
  const stopping = new AbortController();
  const recentEntries = createStepSize(RECENT_ENTRIES);
  const historicalEntries = createStepSize({ first: 2_000, min: 500, max: 100_000, targetMs: STEP_MS });
  const sortedWork = createStepSize({ first: 20_000, min: 1_000, max: 200_000, targetMs: STEP_MS });
  const buildBuckets = createStepSize({ first: 4, min: 1, max: 96 * 31, targetMs: STEP_MS });
  const building = new Map<string, number>();
  let outlook: ActivityOutlook | undefined;
  let ensured = false;
  let tidying: Promise<unknown> | undefined;
  let sortedHistory = false;
  let sealLookMs = 0;
  let buildLookMs = 0;

  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  const running = run();
  return {
    status: () => ({ outlook, building }),
    async stop() {
      stopping.abort();
      await running;
      await tidying;
    },
  };

  async function run(): Promise<void> {
    let retryMs = RETRY_MS_MIN;
    while (!stopping.signal.aborted) {
      const beganMs = performance.now();
      try {
        if (!ensured) await ensure();
        const busy = await round();
        tidy();
        retryMs = RETRY_MS_MIN;
        if (!busy) await pause(Math.max(0, INTERVAL_MS - (performance.now() - beganMs)));
      } catch (error) {
        o.onFailure?.();
        o.log.warn('indexer_failed', { error: String(error), retry_ms: retryMs });
        await pause(retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
  }

  /** @returns whether there is more to do at once */
  async function round(): Promise<boolean> {
    const seen = await look();
    if (seen.recentSeconds !== undefined) {
      const fold = await recentEntries.measured(
        (entriesMax) => folded(() => foldActivityLog(o.db, memory, { historical: false, entriesMax })),
        (recent) => recent?.entries,
      );
      if (fold?.more) return true;
    }
    return await backgroundStep(seen);
  }

  async function look(): Promise<ActivityOutlook> {
    try {
      return (outlook = await lookAtActivity(o.db));
    } catch (error) {
      outlook = undefined;
      throw error;
    }
  }

  /** Beside the folds: they need not wait for it. */
  function tidy(): void {
    tidying ??= tidyIfDue(o.db, memory)
      .catch((error: unknown) => o.log.warn('index_not_tidied', { error: String(error) }))
      .finally(() => (tidying = undefined));
  }

  async function backgroundStep(seen: ActivityOutlook): Promise<boolean> {
    if (seen.historicalSeconds !== undefined) {
      const fold = await historyStep(seen.history);
      return fold !== undefined && fold.entries + fold.sorted > 0;
    }
    if (seen.building) {
      if (o.clock() < buildLookMs) return false;
      const step = await buildBuckets.measured(
        (bucketsMax) => buildStep(o.db, memory, { bucketsMax }),
        bucketsBuilt,
      );
      if (step === undefined) buildLookMs = o.clock() + BUILD_LOOK_MS;
      else tell(step);
      return step !== undefined && !step.postponed;
    }
    building.clear();
    if (seen.retired) return (await dropRetiredStep(o.db, memory)) !== undefined;
    if (o.clock() < sealLookMs) return false;
    const sealed = await sealStep(o.db, memory, o.clock());
    if (sealed === undefined) sealLookMs = o.clock() + SEAL_LOOK_MS;
    else if (sealed.sealed) o.log.info('month_sealed', { zone: sealed.zone, month: sealed.month });
    return sealed !== undefined;
  }

  /** Of what is sorted and what is not, by turns: neither waits for all of the other. */
  async function historyStep({
    logged,
    sorted,
  }: ActivityOutlook['history']): Promise<FoldResult | undefined> {
    sortedHistory = sorted && !(sortedHistory && logged);
    if (sortedHistory) {
      return await sortedWork.measured(
        (workMax) => folded(() => foldSortedHistory(o.db, memory, { workMax })),
        (fold) => fold?.work,
      );
    }
    return await historicalEntries.measured(
      (entriesMax) =>
        folded(() => foldActivityLog(o.db, memory, { historical: true, entriesMax, sortAbove: SORT_ABOVE })),
      (fold) => fold?.entries,
    );
  }

  async function folded<F extends FoldResult>(fold: () => Promise<F | undefined>): Promise<F | undefined> {
    const beganMs = performance.now();
    const done = await fold();
    if (done === undefined || done.entries === 0) return done;
    o.onFold?.({ ...done, seconds: (performance.now() - beganMs) / 1_000 });
    for (const zone of done.refused) o.log.warn('zone_not_indexable', { zone });
    return done;
  }

  function tell({ zones, ready, refused, range, extent }: BuildStep): void {
    const length = extent.to - extent.from;
    for (const zone of zones) building.set(zone, length > 0 ? (range.to - extent.from) / length : 1);
    for (const zone of [...ready, ...refused]) building.delete(zone);
    for (const zone of refused) o.log.warn('zone_not_indexable', { zone });
    for (const zone of ready) o.log.info('index_ready', { zone: zone === '' ? 'counts' : zone });
  }

  async function ensure(): Promise<void> {
    const { indexed, notIndexable } = await ensureIndexes(o.db, o.zones);
    ensured = true;
    o.log.info('indexes_ensured', { zones: indexed });
    for (const zone of notIndexable) o.log.warn('zone_not_indexable', { zone });
  }
}
