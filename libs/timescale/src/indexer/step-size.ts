/** How much to do at once, so that it takes about so long: learned from how long it took before. */
export interface StepSize {
  /** Runs a step of the current size, and adapts the next to the time that it took. */
  measured<T>(step: (size: number) => Promise<T>): Promise<T>;
}

/** At most doubles, so that one cheap step does not make an expensive one. */
const GROWTH_MAX = 2;

export function createStepSize(o: { first: number; min: number; max: number; targetMs: number }): StepSize {
  let size = o.first;
  return {
    async measured(step) {
      const beganMs = performance.now();
      const result = await step(size);
      const tookMs = Math.max(1, performance.now() - beganMs);
      const next = size * Math.min(GROWTH_MAX, o.targetMs / tookMs);
      size = Math.round(Math.min(o.max, Math.max(o.min, next)));
      return result;
    },
  };
}
