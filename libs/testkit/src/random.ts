/** A seeded generator (mulberry32): a failing run is repeated from its seed alone. */
export interface Random {
  /** In [0, 1). */
  fraction(): number;
  /** A whole number in [0, limit). */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  shuffle<T>(items: T[]): T[];
  uuid(): string;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
  const below = (limit: number) => Math.floor(fraction() * limit);

  function pick<T>(from: readonly T[]): T {
    const item = from[below(from.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
  function shuffle<T>(items: T[]): T[] {
    const keyed = items.map((item) => ({ item, key: fraction() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
  }
  function uuid(): string {
    const hex = Array.from({ length: 32 }, () => below(16).toString(16)).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
  return { fraction, below, pick, shuffle, uuid };
}
