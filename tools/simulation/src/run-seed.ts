import { startCast } from './cast.js';
import { checkLedger } from './check-ledger.js';
import { scheduleDisasters } from './disasters.js';
import { createFaults, type FaultKind } from './faults.js';
import type { Mutant } from './mutants/mutant.js';
import { planOf, type Plan } from './plan.js';
import { createRandom } from './random.js';
import { hasDrained } from './has-drained.js';
import { settleDrivers } from './servers/drivers.js';
import { installVirtualTime } from './time/install.js';
import { createVirtualTime } from './time/virtual-time.js';
import { createTrace } from './trace.js';
import type { World } from './world.js';

export interface SeedOptions {
  mutant?: Mutant;
  /** Changes what the seed decides: for a smaller run that fails in the same way. */
  change?: (plan: Plan) => Plan;
  /** Keeps the trace; else it is empty. */
  trace?: boolean;
}

export interface Outcome {
  seed: number;
  plan: Plan;
  violations: readonly string[];
  trace: readonly string[];
  faults: ReadonlyMap<FaultKind, number>;
  requests: number;
  attempts: number;
  /** Events answered 202. */
  acknowledged: number;
  stored: number;
  steps: number;
  virtualMs: number;
}

/** When each run begins; some Sunday. */
const START_MS = Date.UTC(2024, 2, 10, 12);
/** From the end of all faults. The longest waits behind it: ack_wait, and the minute between two purges. */
const DRAIN_MS_MAX = 180_000;

/** One run of the world, wholly decided by its seed. Only one at a time: it takes over the clocks of this process. */
export async function runSeed(seed: number, o: SeedOptions = {}): Promise<Outcome> {
  settleDrivers();
  const random = createRandom(seed);
  const plan = planFor(seed, o);
  const time = createVirtualTime(START_MS);
  const trace = createTrace(time, START_MS);
  const faults = createFaults(plan.faults, random);
  const violations: string[] = [];
  const world: World = {
    plan,
    time,
    process: time.current(),
    random,
    faults,
    trace: o.trace ? (line) => trace.note(line) : () => undefined,
    violated(what) {
      violations.push(what);
      world.trace(() => `VIOLATION: ${what}`);
    },
  };

  const uninstall = installVirtualTime(time, createRandom(seed + 1));
  const onUnhandled = (error: unknown): void => world.violated(`an unhandled rejection: ${String(error)}`);
  process.on('unhandledRejection', onUnhandled);
  try {
    const cast = startCast(world, o.mutant);
    scheduleDisasters(world, cast.befall);
    time.after(plan.chaosMs, world.process, () => {
      faults.heal();
      world.trace(() => 'nothing goes wrong from here on');
    });
    const ended = await time.drive(
      () => violations.length > 0 || hasDrained(world, cast),
      START_MS + plan.chaosMs + DRAIN_MS_MAX,
    );
    time.runAs(world.process, () => {
      if (ended === 'until' && violations.length === 0) checkLedger(world, cast);
      if (ended !== 'until') world.violated(`did not drain: ${describe(world, cast)}`);
    });
    return {
      seed,
      plan,
      violations,
      trace: trace.lines,
      faults: faults.counts,
      requests: cast.ledger.requests,
      attempts: cast.ledger.attempts,
      acknowledged: cast.ledger.acknowledged.size,
      stored: cast.database.table.rows.size,
      steps: time.steps(),
      virtualMs: time.nowMs() - START_MS,
    };
  } finally {
    process.off('unhandledRejection', onUnhandled);
    uninstall();
  }
}

function planFor(seed: number, { mutant, change }: SeedOptions): Plan {
  // A generator of its own, so that a change of the plan changes nothing else.
  const plan = planOf(seed, createRandom(seed + 0x5eed));
  const needed: Plan = { ...plan, faults: new Set([...plan.faults, ...(mutant?.needs ?? [])]) };
  const mutated: Plan = { ...needed, ...mutant?.plan?.(needed) };
  return change ? change(mutated) : mutated;
}

function describe(world: World, cast: ReturnType<typeof startCast>): string {
  const stream = cast.nats.stream('EVENTS');
  return [
    `${cast.clientsAtWork()} clients at work`,
    `${stream?.messages().length ?? 0} messages in the stream`,
    `${stream?.consumerInfo()?.num_ack_pending ?? 0} acks awaited`,
    `${cast.database.table.log.length} rows in the activity log`,
    `${(world.time.nowMs() - START_MS) / 1_000} s`,
  ].join(', ');
}
