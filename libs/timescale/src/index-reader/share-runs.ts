/**
 * Runs `work` one at a time. Who asks while it runs shares the next run with all who do, so what anybody gets
 * is of a run that began after they asked.
 * @param work takes what all of them asked for
 */
export function shareRuns<Asked, T>(work: (asked: Asked[]) => Promise<T>): (asked: Asked) => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: { asked: Asked[]; result: Promise<T> } | undefined;

  return (asked) => {
    if (running === undefined) return start([asked]);
    if (next === undefined) {
      const all: Asked[] = [];
      const begin = () => {
        next = undefined;
        return start(all);
      };
      next = { asked: all, result: running.then(begin, begin) };
    }
    next.asked.push(asked);
    return next.result;
  };

  function start(asked: Asked[]): Promise<T> {
    const run = work(asked).finally(() => {
      // Else the next one takes its place.
      if (next === undefined) running = undefined;
    });
    running = run;
    return run;
  }
}
