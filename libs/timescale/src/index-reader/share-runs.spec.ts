import { shareRuns } from './share-runs.js';

describe('shareRuns', () => {
  it('answers with a run that began after the question, shared by those who waited', async () => {
    const ends: ((failed?: Error) => void)[] = [];
    const runs: string[][] = [];
    const ask = shareRuns((asked: string[]) => {
      const n = runs.push(asked);
      return new Promise<number>((resolve, reject) =>
        ends.push((failed) => (failed === undefined ? resolve(n) : reject(failed))),
      );
    });
    const a = ask('a');
    const b = ask('b');
    const c = ask('c');
    expect(runs).toEqual([['a']]);
    ends[0]?.(new Error('first'));
    await expect(a).rejects.toThrow('first');
    await Promise.resolve();
    expect(runs).toEqual([['a'], ['b', 'c']]);
    const d = ask('d');
    ends[1]?.();
    expect(await Promise.all([b, c])).toEqual([2, 2]);
    await Promise.resolve();
    expect(runs).toHaveLength(3);
    ends[2]?.();
    expect(await d).toBe(3);
    const e = ask('e');
    expect(runs.at(-1)).toEqual(['e']);
    ends[3]?.();
    expect(await e).toBe(4);
  });
});
