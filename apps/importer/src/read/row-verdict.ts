import type { FieldProblem, Validation } from '@event-analytics/event-schema';
import type { WritableEvent } from '@event-analytics/timescale';

/** Why a row is no event. */
export interface RowProblem {
  code: string;
  message: string;
}

export type RowVerdict = WritableEvent | RowProblem;

export function isProblem<T extends object>(verdict: T | RowProblem): verdict is RowProblem {
  return 'code' in verdict;
}

export function verdictOf(validation: Validation): RowVerdict {
  return validation.ok ? validation.event : problemOf(validation.problems);
}

/** All that is wrong with a row, under the code of the first. */
export function problemOf(problems: readonly FieldProblem[]): RowProblem {
  const message = problems.map((problem) => problem.message).join(' ');
  return { code: problems[0]?.code ?? 'invalid_type', message };
}
