/** How much to do at once, so that it takes about so long: learned from how long it took before. */
export interface StepSize {
  /** Runs a step of the current size, and adapts the next to the time that it took; after a failure it is half as much. */
  measured<T>(step: (size: number) => Promise<T>): Promise<T>;
}

/** At most doubles, so that one cheap step does not make an expensive one. */
const GROWTH_MAX = 2;

export function createStepSize(o: { first: number; min: number; max: number; targetMs: number }): StepSize {
  let size = o.first;
  return {
    async measured(step) {
      const beganMs = performance.now();
      let result: Awaited<ReturnType<typeof step>>;
      try {
        result = await step(size);
      } catch (error) {
        // It may have been too much: the server gives up on who is silent for long.
        size = Math.max(o.min, Math.floor(size / 2));
        throw error;
      }
      const tookMs = Math.max(1, performance.now() - beganMs);
      const next = size * Math.min(GROWTH_MAX, o.targetMs / tookMs);
      size = Math.round(Math.min(o.max, Math.max(o.min, next)));
      return result;
    },
  };
}
