import { writeFileSync } from 'node:fs';
import yargs from 'yargs';
import { soakReport } from './report.js';
import { runSoak } from './run-soak.js';

const options = await yargs(process.argv.slice(2))
  .scriptName('npm run soak --')
  .usage(
    '$0 [--minutes N] [--seed S]\n\nLoad and random faults, then the count: nothing lost, nothing doubled.',
  )
  .options({
    minutes: { type: 'number', default: 20, describe: 'How long faults are made' },
    seed: {
      type: 'number',
      describe: 'Decides every fault, id and batch; default: a new one, which is printed',
    },
    connections: { type: 'number', default: 8, describe: 'Clients that send at once' },
    json: { type: 'string', describe: 'Writes the result to this file as well' },
    quiet: { type: 'boolean', default: false, describe: 'Does not print each fault' },
  })
  .check(({ minutes, seed, connections }) => {
    if (!(minutes > 0)) throw new Error('--minutes must be more than 0');
    if (seed !== undefined && !Number.isSafeInteger(seed)) throw new Error('--seed must be a whole number');
    if (!Number.isInteger(connections) || connections < 1) throw new Error('--connections must be 1 or more');
    return true;
  })
  .strict()
  .parse();

const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
const stopping = new AbortController();
// The first Ctrl-C ends the faults and counts what was sent; the second ends it all.
process.once('SIGINT', () => stopping.abort());

const beganMs = performance.now();
const log = (line: string): void => {
  if (!options.quiet)
    console.log(`${((performance.now() - beganMs) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
};
console.log(`seed ${seed}`);
const result = await runSoak({
  minutes: options.minutes,
  seed,
  connections: options.connections,
  log,
  signal: stopping.signal,
});
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
console.log(`\n${soakReport(result)}`);
process.exitCode = result.violations.length > 0 ? 1 : 0;
