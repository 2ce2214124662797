/** How much to do at once, so that it takes about so long: learned from how long it took before. */
export interface StepSize {
  /**
   * Runs a step of the current size, and adapts the next to the time that it took; after a failure it is half as much.
   * @param done of the size, how much was really done; default: all of it. Nothing is learned from a step that did nothing.
   */
  measured<T>(
    step: (size: number) => Promise<T>,
    done?: (result: Awaited<T>) => number | undefined,
  ): Promise<T>;
}

/** At most doubles, so that one cheap step does not make an expensive one. */
const GROWTH_MAX = 2;

export function createStepSize(o: { first: number; min: number; max: number; targetMs: number }): StepSize {
  let size = o.first;

  function learn(done: number, tookMs: number): void {
    const fitting = done * Math.min(GROWTH_MAX, o.targetMs / tookMs);
    // Of larger ones a step that found little to do says nothing, and not much where it was slow: anything may have been.
    const foundLittle = done < size / 2;
    const least = tookMs <= o.targetMs ? size : foundLittle ? size / 2 : 0;
    size = Math.min(o.max, Math.max(o.min, Math.round(Math.max(fitting, least))));
  }

  return {
    async measured(step, done = () => size) {
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
      const worked = done(result);
      if (worked !== undefined && worked > 0) learn(worked, tookMs);
      return result;
    },
  };
}
