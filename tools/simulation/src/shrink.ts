import type { Plan } from './plan.js';
import { runSeed, type Outcome, type SeedOptions } from './run-seed.js';

/**
 * A smaller run of the same seed that is violated, too: kinds of faults that are not needed are switched off one after
 * the other, then there are fewer clients and requests. Each try is a run of some milliseconds; what was found last is
 * returned, with its trace.
 */
export async function shrink(seed: number, o: SeedOptions): Promise<Outcome> {
  let { plan } = await runSeed(seed, o);
  const violates = async (smaller: Plan): Promise<boolean> =>
    (await runSeed(seed, { ...o, change: () => smaller })).violations.length > 0;
  const keepIfViolated = async (smaller: Plan): Promise<void> => {
    if (await violates(smaller)) plan = smaller;
  };

  for (const kind of plan.faults) {
    await keepIfViolated({ ...plan, faults: new Set([...plan.faults].filter((other) => other !== kind)) });
  }
  for (const name of ['variesInstants', 'poison', 'foreignMessages'] as const) {
    if (plan[name]) await keepIfViolated({ ...plan, [name]: false });
  }
  for (const name of ['clients', 'requestsPerClient', 'lanes', 'writers', 'gateways'] as const) {
    for (let fewer = 1; fewer < plan[name]; fewer += 1) await keepIfViolated({ ...plan, [name]: fewer });
  }
  return runSeed(seed, { ...o, change: () => plan, trace: true });
}
