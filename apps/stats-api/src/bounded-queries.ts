/** More queries wait for a connection than would get one before their clients give up. */
export class TooManyQueriesError extends Error {
  override readonly name = 'TooManyQueriesError';
}

/** Runs work as long as less than `max` of it is under way, waiting for a connection included. */
export function boundedQueries(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  let underWay = 0;
  return async (work) => {
    if (underWay >= max) throw new TooManyQueriesError(`${max} queries are under way`);
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
    }
  };
}
