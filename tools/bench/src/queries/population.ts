import { scrambled, type Random } from './random.js';

/** With their shares of all events, in thousandths: what a shop sees. */
const TYPES = [
  ['page_view', 450],
  ['click', 200],
  ['search', 100],
  ['login', 80],
  ['add_to_cart', 60],
  ['share', 40],
  ['signup', 30],
  ['checkout', 20],
  ['purchase', 15],
  ['refund', 5],
] as const;

export const EVENT_TYPES: readonly string[] = TYPES.map(([name]) => name);

/** Of all users, those that were there when the history began, and when the range of days began. */
const THERE_FROM_THE_START = 0.1;
const THERE_BEFORE_THE_RANGE = 0.3;
/** Ten on average at the very start; a bound all the same. */
const TRIES_MAX = 1_000;

/** Who does what. Every event is drawn by itself: sessions would leave fewer users a day, and smaller bitmaps. */
export interface Population {
  /** @param at −1…0 during the history, 0…1 during the range of days. @returns 0 … users − 1 */
  user(random: Random, at: number): number;
  /** A position in EVENT_TYPES. */
  type(random: Random): number;
}

/**
 * Users with a heavy tail: P(rank < r) = (r / users)^(1/3), so that the first 1 % of them make a fifth of the
 * events, and the last half a fifth as well. A tenth is there from the start, a fifth arrives evenly over the
 * history and the rest evenly over the range (so that every cohort has somebody), and types with a skew.
 */
export function skewedPopulation(users: number): Population {
  const typeOfThousandth = Uint8Array.from(
    TYPES.flatMap(([, share], type) => Array.from({ length: share }, () => type)),
  );
  const arrivals = Float32Array.from({ length: users }, (_, rank) => arrival(rank));
  return {
    user(random, at) {
      let rank = 0;
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const unit = random.unit();
        rank = Math.floor(users * unit * unit * unit);
        if ((arrivals[rank] ?? 0) <= at) break;
      }
      return rank;
    },
    type: (random) => typeOfThousandth[Math.floor(random.unit() * 1_000)] ?? 0,
  };
}

/** Every user and type as often as any other, all from the start: the worst case for bitmaps. */
export function uniformPopulation(users: number): Population {
  return {
    user: (random) => Math.floor(random.unit() * users),
    type: (random) => Math.floor(random.unit() * EVENT_TYPES.length),
  };
}

/** −1…1, as `at` above. */
function arrival(rank: number): number {
  const share = scrambled(rank ^ 0x5bd1e995) / 2 ** 32;
  if (share < THERE_FROM_THE_START) return -1;
  if (share < THERE_BEFORE_THE_RANGE) {
    return (share - THERE_FROM_THE_START) / (THERE_BEFORE_THE_RANGE - THERE_FROM_THE_START) - 1;
  }
  return (share - THERE_BEFORE_THE_RANGE) / (1 - THERE_BEFORE_THE_RANGE);
}

/** No order of theirs tells how busy they are. 13 characters. */
export function userId(user: number): string {
  return `user-${scrambled(user).toString(16).padStart(8, '0')}`;
}
