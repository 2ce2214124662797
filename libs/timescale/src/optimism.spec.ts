import { createOptimism, type Optimism } from './optimism.js';

describe('optimism', () => {
  const writesUntilJustified = (optimism: Optimism): number => {
    let writes = 1;
    while (!optimism.justified()) writes += 1;
    return writes;
  };

  it('is justified until it was wrong, and then not for a while', () => {
    const optimism = createOptimism();
    expect(writesUntilJustified(optimism)).toBe(1);
    optimism.learn(true);
    expect(writesUntilJustified(optimism)).toBe(1);
    optimism.learn(false);
    expect(writesUntilJustified(optimism)).toBe(17);
  });

  it('costs ever less where it is always wrong, up to a bound', () => {
    const optimism = createOptimism();
    const gaps = Array.from({ length: 9 }, () => {
      optimism.learn(false);
      return writesUntilJustified(optimism) - 1;
    });
    expect(gaps).toEqual([16, 32, 64, 128, 256, 512, 1_024, 1_024, 1_024]);
  });

  it('comes back by being right', () => {
    const optimism = createOptimism();
    for (let i = 0; i < 7; i++) {
      optimism.learn(false);
      writesUntilJustified(optimism);
    }
    for (let i = 0; i < 7; i++) optimism.learn(true);
    optimism.learn(false);
    expect(writesUntilJustified(optimism)).toBe(17);
  });
});
