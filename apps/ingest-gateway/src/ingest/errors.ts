import type { EventProblem } from '@event-analytics/event-schema';

/** At least one event of a batch that was to be taken whole is invalid; nothing was taken. */
export class InvalidEventsError extends Error {
  override readonly name = 'InvalidEventsError';
  constructor(
    readonly problems: readonly EventProblem[],
    readonly total: number,
  ) {
    super(`${countEvents(problems)} of ${total} events are invalid; nothing was taken`);
  }
}

function countEvents(problems: readonly EventProblem[]): number {
  return new Set(problems.map((problem) => problem.index)).size;
}
