/** How many bytes of messages to hold, so that no lane waits and no other writer goes without. */
export interface Prefetch {
  /** Told of each batch. */
  learn(batch: { events: number; bytes: number }): void;
  /** A whole number. */
  maxBytes(): number;
}

export interface PrefetchOptions {
  lanes: number;
  batchEvents: number;
  /** Never more than this. */
  bufferBytes: number;
}

// One batch being written, one waiting, and one on its way, for each lane.
const BATCHES_PER_LANE = 3;
// A few of the largest messages, whatever was seen so far.
const BYTES_MIN = 6 * 1_024 * 1_024;
const LEARNED_SHARE = 0.1;

/**
 * What this writer has, another cannot take: with 64 MiB held, a backlog of seconds is all with whoever asked first. How
 * many events are in a message is known once it is read, so their size is learned.
 */
export function createPrefetch(o: PrefetchOptions): Prefetch {
  let bytesPerEvent = 0;
  return {
    learn({ events, bytes }) {
      if (events === 0) return;
      const share = bytesPerEvent === 0 ? 1 : LEARNED_SHARE;
      bytesPerEvent += (bytes / events - bytesPerEvent) * share;
    },
    maxBytes() {
      const needed = Math.ceil(o.lanes * BATCHES_PER_LANE * o.batchEvents * bytesPerEvent);
      return Math.min(o.bufferBytes, Math.max(BYTES_MIN, needed));
    },
  };
}
