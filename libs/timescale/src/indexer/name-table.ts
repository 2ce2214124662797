/**
 * Numbers by name, where a name is some bytes [start, end) of others, and its hash. It may forget a name, seldom, but
 * never gives another's number.
 */
export interface NameTable {
  get(bytes: Uint8Array, start: number, end: number, hash: number): number | undefined;
  /** @param number 0 to 2^31 - 1 */
  set(bytes: Uint8Array, start: number, end: number, hash: number, number: number): void;
}

/** Of a slot: the hash of its name, the number, where its name begins, and its length + 1 (0: the slot is free). */
const FIELDS = 4;
const SLOTS_MIN = 1_024;
const BYTES_MIN = 16_384;
/** A name is in one of so many slots from its hash on. More, whatever hashes somebody has made equal, are not looked at. */
const PROBES_MAX = 32;

/**
 * A hash table in typed arrays, with copies of the names: a Map would need texts of them, made only to be looked up. And
 * a million names are no million objects, for the garbage collector to mark again and again.
 */
export function createNameTable(): NameTable {
  let slots = new Int32Array(SLOTS_MIN * FIELDS);
  let mask = SLOTS_MIN - 1;
  let used = 0;
  let names = new Uint8Array(BYTES_MIN);
  let namesUsed = 0;

  return {
    get(bytes, start, end, hash) {
      const at = find(bytes, start, end, hash);
      return at < 0 || slots[at + 3] === 0 ? undefined : slots[at + 1];
    },
    set(bytes, start, end, hash, number) {
      if (used * 2 > mask) grow();
      const found = find(bytes, start, end, hash);
      // No slot to be had: the first of them is forgotten.
      const at = found < 0 ? (hash & mask) * FIELDS : found;
      if (found >= 0 && slots[at + 3] !== 0) {
        slots[at + 1] = number;
        return;
      }
      if (found >= 0) used++;
      slots[at] = hash;
      slots[at + 1] = number;
      slots[at + 2] = append(bytes, start, end);
      slots[at + 3] = end - start + 1;
    },
  };

  /** Where the name is, or else the free slot for it; -1 where neither is near. */
  function find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start + 1;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const at = ((hash + probe) & mask) * FIELDS;
      if (slots[at + 3] === 0) return at;
      if (slots[at] === hash && slots[at + 3] === length && isAt(slots[at + 2] ?? 0, bytes, start, end))
        return at;
    }
    return -1;
  }

  function isAt(name: number, bytes: Uint8Array, start: number, end: number): boolean {
    for (let i = start; i < end; i++, name++) if (names[name] !== bytes[i]) return false;
    return true;
  }

  /** @returns where it begins */
  function append(bytes: Uint8Array, start: number, end: number): number {
    const name = namesUsed;
    namesUsed += end - start;
    if (namesUsed > names.length) {
      const more = new Uint8Array(Math.max(2 * names.length, namesUsed));
      more.set(names);
      names = more;
    }
    for (let i = start; i < end; i++) names[name + i - start] = bytes[i] ?? 0;
    return name;
  }

  function grow(): void {
    const before = slots;
    slots = new Int32Array(2 * before.length);
    mask = 2 * mask + 1;
    used = 0;
    for (let from = 0; from < before.length; from += FIELDS) {
      if (before[from + 3] === 0) continue;
      const hash = before[from] ?? 0;
      for (let probe = 0; probe < PROBES_MAX; probe++) {
        const at = ((hash + probe) & mask) * FIELDS;
        if (slots[at + 3] !== 0) continue;
        slots.set(before.subarray(from, from + FIELDS), at);
        used++;
        break;
      }
    }
  }
}

/** FNV-1a, mixed at the end so that its low bits depend on all bytes. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
