/** Remembers what `make` returned for the keys used last, `maxEntries` of them. */
export function createBoundedCache<T>(maxEntries: number, make: (key: string) => T): (key: string) => T {
  const entries = new Map<string, { value: T }>();
  return (key) => {
    const found = entries.get(key);
    if (found !== undefined) {
      // A Map keeps the order of insertion: the first key is the one unused for longest.
      entries.delete(key);
      entries.set(key, found);
      return found.value;
    }
    const value = make(key);
    entries.set(key, { value });
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value ?? key);
    return value;
  };
}
