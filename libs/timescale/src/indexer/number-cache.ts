import { createNameTable, hashOf } from './name-table.js';

/**
 * Remembers the numbers of the last `size` or so names, each given as the bytes [start, end) of others: two tables, the
 * older one dropped when the newer is half of it.
 */
export interface NumberCache {
  get(bytes: Uint8Array, start: number, end: number): number | undefined;
  set(bytes: Uint8Array, start: number, end: number, number: number): void;
  clear(): void;
}

export function createNumberCache(size: number): NumberCache {
  const half = Math.ceil(size / 2);
  let recent = createNameTable();
  let older = createNameTable();
  let added = 0;
  function remember(bytes: Uint8Array, start: number, end: number, hash: number, number: number): void {
    if (added >= half) {
      older = recent;
      recent = createNameTable();
      added = 0;
    }
    recent.set(bytes, start, end, hash, number);
    added++;
  }
  return {
    get(bytes, start, end) {
      const hash = hashOf(bytes, start, end);
      const found = recent.get(bytes, start, end, hash);
      if (found !== undefined) return found;
      const number = older.get(bytes, start, end, hash);
      if (number !== undefined) remember(bytes, start, end, hash, number);
      return number;
    },
    set: (bytes, start, end, number) => remember(bytes, start, end, hashOf(bytes, start, end), number),
    clear() {
      recent = createNameTable();
      older = createNameTable();
      added = 0;
    },
  };
}
