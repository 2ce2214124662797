/** The place of the first element that is at least `number`; the length when there is none. */
export function firstAtLeast(ascending: ArrayLike<number>, number: number, from = 0): number {
  let end = ascending.length;
  while (from < end) {
    const middle = (from + end) >>> 1;
    if (ascending[middle]! < number) from = middle + 1;
    else end = middle;
  }
  return from;
}
