import { boundedQueries, TooManyQueriesError } from './bounded-queries.js';

describe('boundedQueries', () => {
  it('refuses what is over the bound, and takes again when one is done, also one that failed', async () => {
    const run = boundedQueries(2);
    const ends: ((outcome: { failed: boolean }) => void)[] = [];
    const work = (): Promise<string> =>
      new Promise((resolve, reject) => {
        ends.push(({ failed }) => (failed ? reject(new Error('failed')) : resolve('done')));
      });
    const first = run(work);
    const second = run(work);
    await expect(run(work)).rejects.toThrow(TooManyQueriesError);
    ends[0]?.({ failed: true });
    await expect(first).rejects.toThrow('failed');
    const third = run(work);
    await expect(run(work)).rejects.toThrow(TooManyQueriesError);
    ends[1]?.({ failed: false });
    ends[2]?.({ failed: false });
    expect(await Promise.all([second, third])).toEqual(['done', 'done']);
  });
});
