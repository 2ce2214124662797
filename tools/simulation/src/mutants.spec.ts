import { MUTANTS } from './mutants/all.js';
import { runSeeds } from './run-seeds.js';
import { shrink } from './shrink.js';

/** The rarest needs some tens. */
const SEEDS_MAX = 400;

describe.each(MUTANTS)('$name: $mistake', (mutant) => {
  test('is found, and nothing where everything is the same but the mistake', async () => {
    const { violated } = await runSeeds({ from: 1, seeds: SEEDS_MAX, mutant, violatedMax: 1 });
    expect(violated).toHaveLength(1);
    const { name, mistake, needs = [], plan } = mutant;
    const healthy = { name, mistake, needs, ...(plan && { plan }) };
    const sound = await runSeeds({ from: violated[0]?.seed ?? 1, seeds: 20, mutant: healthy });
    expect(sound.violated.map(({ violations }) => violations)).toEqual([]);
  });
});

test('what is found is made smaller, and is still a violation', async () => {
  const mutant = MUTANTS.find(({ name }) => name === 'ack-before-commit');
  if (!mutant) throw new Error('no such mutant');
  const { violated } = await runSeeds({ from: 1, seeds: SEEDS_MAX, mutant, violatedMax: 10 });
  // Of several kinds of faults, one is enough for this mistake.
  const found = violated.find(({ plan }) => plan.faults.size > 1);
  if (!found) throw new Error('not found');
  const smaller = await shrink(found.seed, { mutant });
  expect(smaller.violations).not.toEqual([]);
  expect(smaller.plan.faults.size).toBeLessThan(found.plan.faults.size);
  expect(smaller.plan.clients).toBeLessThanOrEqual(found.plan.clients);
  expect(smaller.trace.at(-1)).toContain('VIOLATION');
});
