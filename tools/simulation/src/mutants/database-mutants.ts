import type { Mutant } from './mutant.js';

export const DATABASE_MUTANTS: readonly Mutant[] = [
  {
    name: 'count-before-dedupe',
    mistake: 'the activity log counts the events that were sent, not the rows that were inserted',
    counts: 'sent',
  },
  {
    name: 'fold-in-two-transactions',
    mistake: 'what a fold takes is counted in one transaction and deleted from the log in another',
    foldsInTwo: true,
    needs: ['lost_before_commit'],
  },
];
