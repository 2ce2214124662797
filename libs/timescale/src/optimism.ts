/** Whether it is worth supposing that a write holds nothing that is stored already. */
export interface Optimism {
  /** Asked before each write. */
  justified(): boolean;
  /** Supposing it was right, or wrong: then the write was done twice. */
  learn(right: boolean): void;
}

const DOUBTS_MIN = 16;
const DOUBTS_MAX = 1_024;

/** After it was wrong it is not supposed for a while, twice as long each time, half as long each time it was right. */
export function createOptimism(): Optimism {
  let doubts = DOUBTS_MIN;
  let left = 0;
  return {
    justified() {
      if (left === 0) return true;
      left -= 1;
      return false;
    },
    learn(right) {
      if (right) {
        doubts = Math.max(DOUBTS_MIN, doubts / 2);
        return;
      }
      left = doubts;
      doubts = Math.min(DOUBTS_MAX, doubts * 2);
    },
  };
}
