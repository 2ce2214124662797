/**
 * What ascending arrays have in common and what not. Two arrays are gone through side by side without
 * branches on how their numbers compare: those could not be predicted. `x >>> 31` is 1 when x is negative.
 */

/** From this ratio of lengths on, the numbers of the shorter array are looked for in the longer one. */
const SEARCH_FROM_RATIO = 32;

export function arraysAndSize(a: Uint16Array, b: Uint16Array): number {
  if (a.length > b.length) return arraysAndSize(b, a);
  if (a.length * SEARCH_FROM_RATIO < b.length) return searchAndSize(a, b);
  let i = 0;
  let j = 0;
  let steps = 0;
  while (i < a.length && j < b.length) {
    const difference = a[i]! - b[j]!;
    i += (difference - 1) >>> 31;
    j += ~difference >>> 31;
    steps++;
  }
  // A step goes past one number, or past one of each array where they are the same.
  return i + j - steps;
}

/** Writes what is in both to `into`, which may be `a`. @returns how many */
export function arraysAnd(a: Uint16Array, b: Uint16Array, into: Uint16Array): number {
  let i = 0;
  let j = 0;
  let size = 0;
  while (i < a.length && j < b.length) {
    const number = a[i]!;
    const difference = number - b[j]!;
    into[size] = number;
    const before = (difference - 1) >>> 31;
    const after = ~difference >>> 31;
    i += before;
    j += after;
    size += before & after;
  }
  return size;
}

/** Writes what is in `a` and not in `b` to `into`, which may be `a`. @returns how many */
export function arraysMinus(a: Uint16Array, b: Uint16Array, into: Uint16Array): number {
  let i = 0;
  let j = 0;
  let size = 0;
  while (i < a.length && j < b.length) {
    const number = a[i]!;
    const difference = number - b[j]!;
    into[size] = number;
    size += difference >>> 31;
    i += (difference - 1) >>> 31;
    j += ~difference >>> 31;
  }
  while (i < a.length) into[size++] = a[i++]!;
  return size;
}

/** Writes what is in either to `into`. @returns how many */
export function arraysOr(a: Uint16Array, b: Uint16Array, into: Uint16Array): number {
  let i = 0;
  let j = 0;
  let size = 0;
  while (i < a.length && j < b.length) {
    const first = a[i]!;
    const second = b[j]!;
    const difference = first - second;
    into[size++] = difference < 0 ? first : second;
    i += (difference - 1) >>> 31;
    j += ~difference >>> 31;
  }
  while (i < a.length) into[size++] = a[i++]!;
  while (j < b.length) into[size++] = b[j++]!;
  return size;
}

function searchAndSize(few: Uint16Array, many: Uint16Array): number {
  let size = 0;
  let from = 0;
  for (let i = 0; i < few.length; i++) {
    const number = few[i]!;
    let end = many.length;
    while (from < end) {
      const middle = (from + end) >>> 1;
      if (many[middle]! < number) from = middle + 1;
      else end = middle;
    }
    if (many[from] === number) size++;
  }
  return size;
}
