import { portableUserSets } from '@event-analytics/user-sets';
import type { Changes } from '../queries/activity_changes_read.js';
import { createCacheMemory } from './range-cache.js';
import { createZoneView, type ZoneView } from './zone-view.js';

const viewOf = (): ZoneView =>
  createZoneView({
    zone: 'UTC',
    memory: createCacheMemory(portableUserSets, 1_000_000),
    changesMax: 10,
    changeBytesMax: 1_000,
  });

const answer = (incarnation: string, seq: number, types: [string, number][] = []): Changes => ({
  incarnation,
  seq,
  index: { id: 1, generation: 0, sealedBefore: 0, completeFrom: 0 },
  typeNumbers: new Map(types),
  changes: [],
});

/** A range that is as of that fold. */
const remember = (view: ZoneView, asOf: number): void => {
  const users = portableUserSets.of([1, 2]);
  view.index?.cache.put({ key: 'k', type: 0, first: 1, last: 3, users, asOf, upTo: asOf, version: 1 });
};
const asOf = (view: ZoneView): number | undefined => view.index?.cache.get('k')?.asOf;

describe('the view of a zone', () => {
  it('is brought forward by answers in any order', () => {
    const view = viewOf();
    view.ask([]).apply(answer('a', 5));
    remember(view, 5);
    const [first, second] = [view.ask([]), view.ask([])];
    second.apply(answer('a', 7));
    first.apply(answer('a', 6, [['buy', 3]]));
    expect(asOf(view)).toBe(7);
    expect(view.index?.typeNumbers.get('buy')).toBe(3);
  });

  it('forgets everything when its folds are fewer', () => {
    const view = viewOf();
    view.ask([]).apply(answer('a', 5, [['buy', 3]]));
    remember(view, 5);
    view.ask([]).apply(answer('a', 4));
    expect(asOf(view)).toBeUndefined();
    expect(view.index?.typeNumbers.size).toBe(0);
  });

  it('forgets everything when the database is another one, however many folds that has', () => {
    for (const seq of [4, 5, 6]) {
      const view = viewOf();
      view.ask([]).apply(answer('a', 5, [['buy', 3]]));
      remember(view, 5);
      view.ask([]).apply(answer('b', seq));
      expect(asOf(view)).toBeUndefined();
      expect(view.index).toMatchObject({ incarnation: 'b', typeNumbers: new Map() });
    }
  });

  it('stays with the other database, whatever the one before still answers', () => {
    const view = viewOf();
    view.ask([]).apply(answer('a', 50));
    const [late, early, latest] = [view.ask([]), view.ask([]), view.ask([])];
    latest.apply(answer('b', 8));
    remember(view, 8);
    late.apply(answer('a', 51, [['buy', 3]]));
    early.apply(answer('b', 7, [['sell', 4]]));
    expect(view.index).toMatchObject({ incarnation: 'b', typeNumbers: new Map([['sell', 4]]) });
    expect(asOf(view)).toBe(8);
    view.ask([]).apply(answer('b', 9));
    expect(asOf(view)).toBe(9);
  });

  it('adds nothing that was asked of the database before', () => {
    const view = viewOf();
    view.ask([]).apply(answer('a', 5));
    remember(view, 5);
    const [early, late] = [view.ask([]), view.ask([])];
    early.apply(answer('b', 7));
    remember(view, 7);
    late.apply(answer('b', 8));
    expect(asOf(view)).toBe(7);
  });

  it('remembers types up to a bound, those always that were asked for last', () => {
    const view = viewOf();
    for (let round = 0; round < 20; round++) {
      const types = Array.from({ length: 1_000 }, (_, n): [string, number] => [`type ${round} ${n}`, n]);
      view.ask(types.map(([name]) => name)).apply(answer('a', 5, types));
      for (const [name, number] of types) expect(view.index?.typeNumbers.get(name)).toBe(number);
      expect(view.index?.typeNumbers.size).toBeLessThanOrEqual(10_000);
    }
  });
});
