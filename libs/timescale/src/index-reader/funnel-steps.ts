import type { UserSet } from '@event-analytics/user-sets';
import type { Piece, Question, UserRange } from './question.js';

/**
 * How many users reached each step: with days d1 ≤ d2 ≤ … in first…last, and an event of step i on di. Steps
 * are taken in order on each day, so that who does several on one day advances by all of them.
 */
export function funnelSteps(o: {
  steps: readonly string[];
  first: number;
  last: number;
}): Question<number[]> {
  const reached: UserSet[] = [];

  const pieces = Array.from({ length: Math.max(0, o.last - o.first + 1) }, (_, i): Piece => {
    const day = o.first + i;
    const ranges = o.steps.map((eventType): UserRange => ({ eventType, first: day, last: day }));
    return {
      ranges,
      use(usersOf) {
        let before: UserSet | undefined;
        ranges.forEach((range, step) => {
          const users = usersOf(range);
          const advanced = before === undefined ? users : before.and(users);
          const known = reached[step];
          if (known === undefined) reached[step] = advanced.clone();
          else known.add(advanced);
          before = reached[step];
        });
      },
    };
  });
  return { pieces, result: () => o.steps.map((_, step) => reached[step]?.size ?? 0) };
}
