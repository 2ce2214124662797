import { EVENT_TYPES, skewedPopulation, uniformPopulation, userId } from './population.js';
import { seededRandom } from './random.js';

const USERS = 10_000;
const DRAWS = 100_000;

function drawn(draw: () => number, size: number): number[] {
  const counts = Array.from({ length: size }, () => 0);
  for (let i = 0; i < DRAWS; i++) {
    const one = draw();
    counts[one] = (counts[one] ?? 0) + 1;
  }
  return counts;
}

const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
const users = (at: number, seed = 1) => {
  const random = seededRandom(seed, 1);
  const population = skewedPopulation(USERS);
  return drawn(() => population.user(random, at), USERS);
};

test('the same seed gives the same, another stream something else', () => {
  const numbers = (stream: number) => {
    const random = seededRandom(7, stream);
    return Array.from({ length: 8 }, () => random.bits());
  };
  expect(numbers(1)).toEqual(numbers(1));
  expect(numbers(1)).not.toEqual(numbers(2));
});

test('one user in a hundred makes a fifth of the events, and so do the last half', () => {
  const counts = users(1);
  expect(sum(counts.slice(0, USERS / 100)) / DRAWS).toBeCloseTo(0.215, 1);
  expect(sum(counts.slice(USERS / 2)) / DRAWS).toBeCloseTo(0.206, 1);
});

test('a tenth of the users is there from the start, three tenths when the range begins, then all', () => {
  // Of the busiest thousand, who are all drawn if they are there.
  const there = (at: number) =>
    users(at)
      .slice(0, 1_000)
      .filter((count) => count > 0).length / 1_000;
  expect(there(-1)).toBeCloseTo(0.1, 1);
  expect(there(0)).toBeCloseTo(0.3, 1);
  expect(there(1)).toBeCloseTo(1, 1);
});

test('types by their shares, or all alike', () => {
  const random = seededRandom(1, 1);
  const types = (population: ReturnType<typeof skewedPopulation>) =>
    drawn(() => population.type(random), EVENT_TYPES.length).map((count) => count / DRAWS);
  const skewed = types(skewedPopulation(USERS));
  expect(skewed[0]).toBeCloseTo(0.45, 1);
  expect(skewed.at(-1)).toBeCloseTo(0.005, 2);
  for (const share of types(uniformPopulation(USERS))) expect(share).toBeCloseTo(0.1, 1);
});

test('every user has an id of their own, of one length', () => {
  const ids = Array.from({ length: USERS }, (_, user) => userId(user));
  expect(new Set(ids).size).toBe(USERS);
  expect(new Set(ids.map((id) => id.length))).toEqual(new Set([13]));
});
