import { createProbedBreaker, type BreakerState } from './probed-breaker.js';

class Away extends Error {}

/** A dependency that can be taken away, and a breaker around it. */
function breakerOf() {
  const states: BreakerState[] = [];
  let away = false;
  let asked = 0;
  let probes = 0;
  const answer = (): Promise<string> => (away ? Promise.reject(new Away('away')) : Promise.resolve('here'));
  const breaker = createProbedBreaker({
    opens: (error) => error instanceof Away,
    refusal: () => new Error('not asked'),
    probe: () => ((probes += 1), answer()),
    probeIntervalMs: 20,
    onStateChange: (state) => states.push(state),
  });
  return {
    breaker,
    states,
    takeAway: (gone: boolean) => (away = gone),
    ask: () => breaker.run(() => ((asked += 1), answer())),
    asked: () => asked,
    probes: () => probes,
  };
}

async function until(reached: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !reached(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(reached()).toBe(true);
}

describe('a breaker closed by probes', () => {
  it('opens at the first failure, then asks nothing but by its probe, and closes when that is answered', async () => {
    const o = breakerOf();
    expect(await o.ask()).toBe('here');
    o.takeAway(true);
    await expect(o.ask()).rejects.toThrow('away');
    expect(o.breaker.state()).toBe('open');
    for (let i = 0; i < 3; i++) await expect(o.ask()).rejects.toThrow('not asked');
    expect(o.asked()).toBe(2);
    await until(() => o.probes() >= 3);
    expect(o.breaker.state()).toBe('open');

    o.takeAway(false);
    await until(() => o.breaker.state() === 'closed');
    expect(await o.ask()).toBe('here');
    expect(o.states).toEqual(['open', 'closed']);
    o.breaker.close();
  });

  it('stays closed for an error that is an answer', async () => {
    const o = breakerOf();
    await expect(o.breaker.run(() => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    expect(o.breaker.state()).toBe('closed');
    expect(o.states).toEqual([]);
    o.breaker.close();
  });

  it('is opened by what others saw, and asks no more once it was closed down', async () => {
    const o = breakerOf();
    o.takeAway(true);
    o.breaker.open(new Away('seen'));
    await until(() => o.breaker.state() === 'open');
    await until(() => o.probes() > 0);
    o.breaker.close();
    const before = o.probes();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(o.probes()).toBeLessThanOrEqual(before + 1);
    expect(o.breaker.state()).toBe('open');
  });
});
