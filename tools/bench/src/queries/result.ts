import type { Machine } from '../machine.js';
import type { ColdTiming, Floor, Sets, WarmTiming } from './ask-stats-api.js';
import type { BackfillResult } from './backfill.js';
import type { IndexBuild } from './build-index.js';
import type { Part } from './options.js';
import type { ScaleResult } from './scale.js';
import type { Sizes } from './sizes.js';
import type { WritesResult } from './writes.js';

/** All of a run, as --json writes it. Times in milliseconds, sizes in bytes. */
export interface BenchResult {
  machine: Machine;
  options: {
    events: number;
    users: number;
    days: number;
    historyDays: number;
    uniform: boolean;
    zones: readonly string[];
    /** And whatever else the run was started with. Absent: the default. */
    sets?: readonly Sets[];
    parts?: readonly Part[];
    backfillEvents?: number;
    scaleEvents?: number;
  };
  phases: Phase[];
  scale?: ScaleResult;
  writes?: WritesResult;
  backfill?: BackfillResult;
}

/** The same questions with other data. */
export interface Phase {
  /** 0: nothing lies before the range. */
  historyDays: number;
  loadMs: number;
  build: IndexBuild;
  sizes: Sizes;
  /** Written and folded while it was asked. */
  liveEvents: number;
  questions: Record<string, QuestionResult>;
  floor?: Floor;
}

export interface QuestionResult {
  /** Which stats-api computes with these sets; absent where it has no such endpoint. */
  index: Partial<Record<Sets, WarmTiming & { cold?: ColdTiming }>>;
  sqlMs?: number;
  duckDbMs?: number;
}
