/**
 * npm run simulate: the protocol under a seeded scheduler. Prints what was done and injected; ends with 1 when a promise
 * was broken, and then says which, by which seed, and how it came to that.
 */
import { readCommandLine, USAGE, type CommandLine } from './command-line.js';
import type { Plan } from './plan.js';
import { totalsReport, violationReport } from './report.js';
import type { SeedOptions } from './run-seed.js';
import { runSeeds } from './run-seeds.js';
import { shrink } from './shrink.js';

/** Beyond these one knows. */
const VIOLATED_MAX = 5;

let options: CommandLine | undefined;
try {
  options = readCommandLine(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 2;
}
if (options) await simulate(options);

async function simulate(o: CommandLine): Promise<void> {
  const seedOptions: SeedOptions = {
    ...(o.mutant && { mutant: o.mutant }),
    change: (plan: Plan) => ({ ...plan, faults: new Set([...plan.faults, ...o.with]) }),
    trace: o.trace,
  };
  const startedMs = performance.now();
  const totals = await runSeeds({
    ...seedOptions,
    from: o.from,
    seeds: o.seeds,
    violatedMax: VIOLATED_MAX,
    onOutcome: ({ trace }) => {
      if (o.trace) console.log(trace.join('\n'));
    },
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const outcome of totals.violated) {
    console.error(violationReport(outcome, await shrink(outcome.seed, seedOptions)));
  }
  console.log(totalsReport(totals, seconds));
  if (totals.violated.length > 0) process.exitCode = 1;
}
