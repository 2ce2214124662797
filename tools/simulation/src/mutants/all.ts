import { DATABASE_MUTANTS } from './database-mutants.js';
import { GATEWAY_MUTANTS } from './gateway-mutants.js';
import type { Mutant } from './mutant.js';
import { WRITER_MUTANTS } from './writer-mutants.js';

export const MUTANTS: readonly Mutant[] = [...GATEWAY_MUTANTS, ...WRITER_MUTANTS, ...DATABASE_MUTANTS];
