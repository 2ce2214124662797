import { createStepSize } from './step-size.js';

const done = () => Promise.resolve();

describe('createStepSize', () => {
  it('begins as told, and doubles at most while steps are quick', async () => {
    const size = createStepSize({ first: 4, min: 1, max: 20, targetMs: 60_000 });
    const sizes: number[] = [];
    for (let i = 0; i < 4; i++) await size.measured((n) => done().then(() => void sizes.push(n)));
    expect(sizes).toEqual([4, 8, 16, 20]);
  });

  it('shrinks to the least while steps take too long', async () => {
    const size = createStepSize({ first: 100, min: 7, max: 100, targetMs: 0 });
    await size.measured(done);
    await size.measured((n) => Promise.resolve(expect(n).toBe(7)));
  });

  it('learns nothing from a step that did nothing', async () => {
    const quick = createStepSize({ first: 4, min: 1, max: 20, targetMs: 60_000 });
    const slow = createStepSize({ first: 4, min: 1, max: 20, targetMs: 0 });
    for (const size of [quick, slow]) {
      for (const did of [undefined, 0, -7]) await size.measured(done, () => did);
      await size.measured((n) => Promise.resolve(expect(n).toBe(4)));
    }
  });

  it('does at most twice as much as was really done, and no less because there was little to do', async () => {
    const size = createStepSize({ first: 100, min: 1, max: 10_000, targetMs: 60_000 });
    const sizes: number[] = [];
    for (const did of [1, 3, 80, 160]) {
      await size.measured(
        (n) => done().then(() => void sizes.push(n)),
        () => did,
      );
    }
    expect(sizes).toEqual([100, 100, 100, 160]);
    await size.measured((n) => Promise.resolve(expect(n).toBe(320)));
  });

  it('does half as much after a slow step that found little to do', async () => {
    const size = createStepSize({ first: 1_000, min: 1, max: 1_000, targetMs: 0.001 });
    await size.measured(done, () => 20);
    await size.measured((n) => done().then(() => expect(n).toBe(500)));
    await size.measured((n) => Promise.resolve(expect(n).toBe(1)));
  });

  it('does half as much after a failure, never less than the least', async () => {
    const size = createStepSize({ first: 10, min: 4, max: 100, targetMs: 60_000 });
    const sizes: number[] = [];
    const fail = (n: number): Promise<void> => {
      sizes.push(n);
      return Promise.reject(new Error('too much'));
    };
    for (let i = 0; i < 3; i++) await expect(size.measured(fail)).rejects.toThrow('too much');
    expect(sizes).toEqual([10, 5, 4]);
  });
});
