export interface Queued {
  readonly timeMs: number;
  /** Of equal times the first that was put in comes first. */
  readonly order: number;
}

/** A binary heap: the earliest first. */
export function createEventQueue<E extends Queued>() {
  const heap: E[] = [];
  const isBefore = (a: E, b: E): boolean =>
    a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);

  return {
    get size() {
      return heap.length;
    },
    put(event: E): void {
      let at = heap.length;
      heap.push(event);
      while (at > 0) {
        const parentAt = (at - 1) >> 1;
        const parent = heap[parentAt];
        if (parent === undefined || !isBefore(event, parent)) break;
        heap[at] = parent;
        at = parentAt;
      }
      heap[at] = event;
    },
    take(): E | undefined {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      let at = 0;
      for (;;) {
        let childAt = 2 * at + 1;
        let child = heap[childAt];
        if (child === undefined) break;
        const right = heap[childAt + 1];
        if (right !== undefined && isBefore(right, child)) {
          child = right;
          childAt += 1;
        }
        if (!isBefore(child, last)) break;
        heap[at] = child;
        at = childAt;
      }
      heap[at] = last;
      return first;
    },
  };
}
