import { setImmediate as turn } from 'node:timers/promises';
import { shareRoundTrips } from './share-round-trips.js';

/** Round trips that end when the test says so; a call's result is its own text in upper case. */
function start(maxSize = 10) {
  const trips: { calls: string[]; end: () => void; fail: () => void }[] = [];
  const call = shareRoundTrips<string, string>({
    run: (calls) =>
      new Promise((resolve, reject) => {
        trips.push({
          calls: [...calls],
          end: () => resolve(calls.map((text) => text.toUpperCase())),
          fail: () => reject(new Error(calls.join())),
        });
      }),
    sizeOf: (text) => text.length,
    maxSize,
  });
  return { call, trips, callsOf: () => trips.map(({ calls }) => calls) };
}

describe('shareRoundTrips', () => {
  it('makes one of what comes in one turn, and gives each its own part', async () => {
    const { call, trips, callsOf } = start();
    const results = [call('a'), call('b'), call('c')];
    expect(trips).toEqual([]);
    await turn();
    expect(callsOf()).toEqual([['a', 'b', 'c']]);
    trips[0]?.end();
    expect(await Promise.all(results)).toEqual(['A', 'B', 'C']);
  });

  it('gathers what comes while one is under way, and sends it as soon as that is over', async () => {
    const { call, trips, callsOf } = start();
    const first = call('a');
    await turn();
    const later = [call('b')];
    await turn();
    later.push(call('c'));
    await turn();
    expect(callsOf()).toEqual([['a']]);
    trips[0]?.end();
    await first;
    await turn();
    expect(callsOf()).toEqual([['a'], ['b', 'c']]);
    trips[1]?.end();
    expect(await Promise.all(later)).toEqual(['B', 'C']);
  });

  it('sends a full group at once, also while others are under way; a call too large goes alone', async () => {
    const { call, callsOf } = start(4);
    void call('aa');
    void call('bb');
    void call('c');
    void call('dddddd');
    void call('e');
    expect(callsOf()).toEqual([['aa', 'bb'], ['c'], ['dddddd']]);
    await turn();
    expect(callsOf()).toHaveLength(3);
  });

  it('a round trip that fails fails those in it, and no others', async () => {
    const { call, trips } = start();
    const failing = [call('a'), call('b')].map((result) => result.catch((error: Error) => error.message));
    await turn();
    const next = call('c');
    trips[0]?.fail();
    expect(await Promise.all(failing)).toEqual(['a,b', 'a,b']);
    await turn();
    trips[1]?.end();
    expect(await next).toBe('C');
  });
});
