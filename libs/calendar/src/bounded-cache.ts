/** Remembers what was set for the keys used last, `maxEntries` of them. */
export interface BoundedMap<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

export function createBoundedMap<T>(maxEntries: number): BoundedMap<T> {
  const entries = new Map<string, { value: T }>();
  return {
    get(key) {
      const found = entries.get(key);
      if (found === undefined) return undefined;
      // A Map keeps the order of insertion: the first key is the one unused for longest.
      entries.delete(key);
      entries.set(key, found);
      return found.value;
    },
    set(key, value) {
      entries.set(key, { value });
      if (entries.size > maxEntries) entries.delete(entries.keys().next().value ?? key);
    },
  };
}

/** Remembers what `make` returned, which is never undefined, for the keys used last, `maxEntries` of them. */
export function createBoundedCache<T>(maxEntries: number, make: (key: string) => T): (key: string) => T {
  const known = createBoundedMap<T>(maxEntries);
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = make(key);
    known.set(key, value);
    return value;
  };
}
