import { portableUserSets, loadUserSets, type UserSets } from '@event-analytics/user-sets';
import fc from 'fast-check';
import { keyOf, named, rangesOf, usePieces } from './compute.js';
import { cohortRetention } from './cohort-retention.js';
import { countUsers } from './active-users.js';
import { funnelSteps } from './funnel-steps.js';
import type { Question, UserRange } from './question.js';
import { slidingUsers } from './sliding-users.js';

interface Did {
  user: number;
  day: number;
  type: string;
}

const TYPES = ['a', 'b', 'c'];
const dids = fc.array(
  fc.record({
    user: fc.integer({ min: 0, max: 7 }),
    day: fc.integer({ min: -5, max: 45 }),
    type: fc.constantFrom(...TYPES),
  }),
  { maxLength: 60 },
);
const anyType = fc.constantFrom(undefined, ...TYPES);

/** Users of a range, by looking at every event. */
const usersIn = (all: readonly Did[], { eventType, first, last }: UserRange): Set<number> =>
  new Set(
    all
      .filter(({ day, type }) => day >= first && day <= last && (eventType ?? type) === type)
      .map(({ user }) => user),
  );

async function ask<T>(userSets: UserSets, all: readonly Did[], question: Question<T>): Promise<T> {
  const ranges = [...rangesOf(question.pieces).values()];
  const sets = new Map(ranges.map((range) => [keyOf(range), userSets.of([...usersIn(all, range)])]));
  const copies = new Map([...sets].map(([key, set]) => [key, set.clone()]));
  const objects = new Set(question.pieces.flatMap((piece) => piece.ranges));
  await usePieces(
    question.pieces,
    (range) => named(objects.has(range) ? sets.get(keyOf(range)) : undefined, range),
    () => undefined,
  );
  // Sets are shared by all questions.
  for (const [key, set] of sets) if (!copies.get(key)?.equals(set)) throw new Error(`${key} was changed`);
  return question.result();
}

describe.each(['portable', 'auto'] as const)(
  'the algebra of %s sets equals a walk over the events',
  (kind) => {
    let userSets: UserSets = portableUserSets;
    beforeAll(async () => {
      userSets = await loadUserSets(kind);
    });

    it('active users', async () => {
      await fc.assert(
        fc.asyncProperty(dids, anyType, async (all, eventType) => {
          const ranges = [
            { eventType, first: 3, last: 3 },
            { eventType, first: -Infinity, last: 10 },
            { eventType, first: 5, last: Infinity },
          ];
          const expected = ranges.map((range) => usersIn(all, range).size);
          expect(await ask(userSets, all, countUsers(ranges))).toEqual(expected);
        }),
      );
    });

    it('retention', async () => {
      const shape = fc.record({
        length: fc.integer({ min: 1, max: 4 }),
        cohorts: fc.integer({ min: 1, max: 6 }),
        offsets: fc.integer({ min: 1, max: 6 }),
        mode: fc.constantFrom('classic' as const, 'unbounded' as const),
        bornEvent: anyType,
        returnEvent: anyType,
      });
      await fc.assert(
        fc.asyncProperty(dids, shape, async (all, { length, cohorts, offsets, ...o }) => {
          const windows = Array.from({ length: cohorts + offsets }, (_, k) => ({
            first: 2 + k * length,
            last: 1 + (k + 1) * length,
          }));
          const windowOf = (day: number) => Math.floor((day - 2) / length);
          const bornIn = (user: number) =>
            windowOf(
              Math.min(
                ...all
                  .filter((did) => did.user === user && (o.bornEvent ?? did.type) === did.type)
                  .map(({ day }) => day),
              ),
            );
          const returns = (user: number, window: number) =>
            all.some(
              (did) =>
                did.user === user &&
                (o.returnEvent ?? did.type) === did.type &&
                (o.mode === 'classic' ? windowOf(did.day) === window : windowOf(did.day) >= window),
            );
          const users = [...new Set(all.map(({ user }) => user))];
          const expected = Array.from({ length: cohorts }, (_, k) => {
            const cohort = users.filter((user) => bornIn(user) === k);
            return {
              size: cohort.length,
              retained: Array.from(
                { length: offsets + 1 },
                (__, n) => cohort.filter((user) => returns(user, k + n)).length,
              ),
            };
          });
          expect(await ask(userSets, all, cohortRetention({ ...o, windows, cohorts }))).toEqual(expected);
        }),
      );
    });

    it('users of a day and of the days that end with it', async () => {
      const window = fc.integer({ min: 1, max: 8 });
      await fc.assert(
        fc.asyncProperty(dids, anyType, window, async (all, eventType, windowDays) => {
          const days = Array.from({ length: 30 }, (_, i) => i + 1);
          const expected = days.map((day) => ({
            day: usersIn(all, { eventType, first: day, last: day }).size,
            window: usersIn(all, { eventType, first: day - windowDays + 1, last: day }).size,
          }));
          const question = slidingUsers({ eventType, first: 1, last: 30, windowDays });
          expect(await ask(userSets, all, question)).toEqual(expected);
        }),
      );
    });

    it('funnels', async () => {
      const steps = fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1 });
      await fc.assert(
        fc.asyncProperty(dids, steps, async (all, wanted) => {
          const [first, last] = [3, 30];
          const reaches = (user: number, step: number): boolean => {
            let day = first;
            for (const type of wanted.slice(0, step + 1)) {
              const days = all.filter((did) => did.user === user && did.type === type && did.day >= day);
              day = Math.min(...days.map((did) => did.day));
            }
            return day <= last;
          };
          const users = [...new Set(all.map(({ user }) => user))];
          const expected = wanted.map((_, step) => users.filter((user) => reaches(user, step)).length);
          expect(await ask(userSets, all, funnelSteps({ steps: wanted, first, last }))).toEqual(expected);
        }),
      );
    });
  },
);
