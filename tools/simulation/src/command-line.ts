import { parseArgs } from 'node:util';
import { DISASTER_KINDS, STEP_FAULT_KINDS, type FaultKind } from './faults.js';
import { MUTANTS } from './mutants/all.js';
import type { Mutant } from './mutants/mutant.js';

export interface CommandLine {
  from: number;
  seeds: number;
  /** Prints the whole trace of each seed. */
  trace: boolean;
  mutant: Mutant | undefined;
  /** Switched on in every seed. */
  with: FaultKind[];
}

export const USAGE = `npm run simulate -- [--seeds 10000] [--from 1] [--seed N] [--trace] [--mutant NAME] [--with FAULT]...
mutants: ${MUTANTS.map(({ name }) => name).join(', ')}
faults:  ${[...STEP_FAULT_KINDS, ...DISASTER_KINDS].join(', ')}`;

/** @throws Error whose message says what is wrong with the arguments */
export function readCommandLine(args: string[]): CommandLine {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '10000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      mutant: { type: 'string' },
      with: { type: 'string', multiple: true, default: [] },
    },
  });
  const mutant = MUTANTS.find(({ name }) => name === values.mutant);
  if (values.mutant !== undefined && !mutant) throw new Error(`no mutant is called ${values.mutant}`);
  return {
    from: wholeNumber('--from', values.seed ?? values.from),
    seeds: values.seed === undefined ? wholeNumber('--seeds', values.seeds) : 1,
    trace: values.trace,
    mutant,
    with: values.with.map(faultNamed),
  };
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${name}: ${text} is no whole number`);
  return number;
}

function faultNamed(name: string): FaultKind {
  const kind = [...STEP_FAULT_KINDS, ...DISASTER_KINDS].find((known) => known === name);
  if (kind === undefined) throw new Error(`no fault is called ${name}`);
  return kind;
}
