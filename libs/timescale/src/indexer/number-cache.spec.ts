import { createNameTable, hashOf } from './name-table.js';
import { createNumberCache } from './number-cache.js';

/** A name among others. */
const named = (name: string): [bytes: Uint8Array, start: number, end: number] => {
  const bytes = Buffer.from(`before\t${name}\tbehind`);
  return [bytes, 7, bytes.length - 7];
};

function tableOfTexts() {
  const table = createNameTable();
  return {
    get: (name: string) => table.get(...named(name), hashOf(...named(name))),
    set: (name: string, number: number) => table.set(...named(name), hashOf(...named(name)), number),
  };
}

function cacheOfTexts(size: number) {
  const cache = createNumberCache(size);
  return {
    get: (name: string) => cache.get(...named(name)),
    set: (name: string, number: number) => cache.set(...named(name), number),
    clear: () => cache.clear(),
  };
}

describe('createNameTable', () => {
  it('gives each name its own number, whatever is in it', () => {
    const table = tableOfTexts();
    const names = ['', 'a', 'b', 'ab', 'ba', 'é', 'Zoë', '🐈', 'tab\t', 'a'.repeat(10_000)];
    for (let i = 0; i < 50_000; i++) names.push(`user-${i}`, `ユーザー ${i}`);
    names.forEach((name, i) => table.set(name, i));
    const wrong = names.filter((name, i) => table.get(name) !== i);
    // Some may have been forgotten, and then have none.
    expect(wrong.length).toBeLessThan(names.length / 1_000);
    for (const name of wrong) expect(table.get(name)).toBeUndefined();
    expect(table.get('user-50000')).toBeUndefined();
    expect(table.get('A')).toBeUndefined();
  });

  it('takes another number for the same name', () => {
    const table = tableOfTexts();
    table.set('a', 1);
    table.set('a', 2_147_483_647);
    expect(table.get('a')).toBe(2_147_483_647);
  });

  it('forgets names rather than look through all that have one hash, and never confuses them', () => {
    const table = tableOfTexts();
    const names = namesOfOneHash(64);
    names.forEach((name, i) => table.set(name, i));
    const found = names.map((name) => table.get(name));
    expect(found.filter((number) => number !== undefined)).toHaveLength(32);
    found.forEach((number, i) => expect([i, undefined]).toContain(number));
    expect(found.at(-1)).toBe(63);
  });
});

describe('createNumberCache', () => {
  it('remembers the last of them, and those that are asked for', () => {
    const cache = cacheOfTexts(100);
    cache.set('asked', 7);
    for (let i = 0; i < 1_000; i++) {
      cache.set(`name ${i}`, i);
      expect(cache.get('asked')).toBe(7);
      if (i >= 20) expect(cache.get(`name ${i - 20}`)).toBe(i - 20);
    }
    expect(cache.get('name 800')).toBeUndefined();
    cache.clear();
    expect(cache.get('asked')).toBeUndefined();
  });
});

/** Different ways through the hash's 32 bits to the same end: 6 times one or the other of two pieces. */
function namesOfOneHash(count: number): string[] {
  const state = (text: string, hash: number) => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash;
  };
  let names = [''];
  let start = 0x811c9dc5;
  while (names.length < count) {
    const seen = new Map<number, string>();
    let pair: [string, string] | undefined;
    for (let n = 0; pair === undefined; n++) {
      const piece = n.toString(36);
      const end = state(piece, start);
      const other = seen.get(end);
      if (other !== undefined) pair = [other, piece];
      seen.set(end, piece);
    }
    const [a, b] = pair;
    names = names.flatMap((name) => [name + a, name + b]);
    start = state(a, start);
  }
  return names;
}
