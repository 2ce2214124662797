/** Bytes of request bodies held by requests that are not yet answered. */
export interface InFlightBytes {
  /** False when there is no room: nothing was reserved. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  current(): number;
}

export function createInFlightBytes(maxBytes: number): InFlightBytes {
  let current = 0;
  return {
    reserve(bytes) {
      if (current + bytes > maxBytes) return false;
      current += bytes;
      return true;
    },
    release(bytes) {
      current = Math.max(0, current - bytes);
    },
    current: () => current,
  };
}
