import type { FaultKind } from './faults.js';
import { runSeed, type Outcome, type SeedOptions } from './run-seed.js';

export interface Totals {
  seeds: number;
  faults: Map<FaultKind, number>;
  requests: number;
  attempts: number;
  acknowledged: number;
  stored: number;
  steps: number;
  virtualMs: number;
  violated: Outcome[];
}

export interface SeedsOptions extends SeedOptions {
  from: number;
  seeds: number;
  /** Told of each seed. */
  onOutcome?: (outcome: Outcome) => void;
  /** Ends with the seed that has as many violated; default: goes on. */
  violatedMax?: number;
}

/** Runs one seed after the other. */
export async function runSeeds(o: SeedsOptions): Promise<Totals> {
  const totals: Totals = {
    seeds: 0,
    faults: new Map(),
    requests: 0,
    attempts: 0,
    acknowledged: 0,
    stored: 0,
    steps: 0,
    virtualMs: 0,
    violated: [],
  };
  for (let seed = o.from; seed < o.from + o.seeds; seed += 1) {
    const outcome = await runSeed(seed, o);
    totals.seeds += 1;
    for (const [kind, count] of outcome.faults) {
      totals.faults.set(kind, (totals.faults.get(kind) ?? 0) + count);
    }
    totals.requests += outcome.requests;
    totals.attempts += outcome.attempts;
    totals.acknowledged += outcome.acknowledged;
    totals.stored += outcome.stored;
    totals.steps += outcome.steps;
    totals.virtualMs += outcome.virtualMs;
    o.onOutcome?.(outcome);
    if (outcome.violations.length === 0) continue;
    totals.violated.push(outcome);
    if (totals.violated.length >= (o.violatedMax ?? Infinity)) break;
  }
  return totals;
}
