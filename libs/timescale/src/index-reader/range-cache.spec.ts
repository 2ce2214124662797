import { portableUserSets, type UserSet } from '@event-analytics/user-sets';
import { createCacheMemory, type RangeCache, type RangeNode } from './range-cache.js';

const put = (cache: RangeCache, day: number, users: UserSet = portableUserSets.of([day])): RangeNode =>
  cache.put({ key: `${day}`, type: 0, first: day, last: day, users, asOf: 1, upTo: 1, version: 1 });

describe('the memory of ranges', () => {
  it('holds no more than its bound together with what is about to be read', () => {
    const bytesMax = 10_000;
    const memory = createCacheMemory(portableUserSets, bytesMax);
    const cache = memory.open();
    const pinned = put(cache, 0);
    memory.pin(pinned);
    for (let day = 1; memory.bytes < 0.9 * bytesMax; day++) put(cache, day);

    const wanted = bytesMax - 2_000;
    expect(memory.reserve(wanted)).toBe(true);
    expect(memory.bytes + wanted).toBeLessThanOrEqual(bytesMax);
    expect(cache.get('0')).toBe(pinned);
    for (let day = 1_000; day < 1_020; day++) {
      const node = put(cache, day);
      memory.pin(node);
      memory.unpin(node);
      expect(memory.bytes + wanted).toBeLessThanOrEqual(bytesMax);
    }
    expect(memory.reserve(wanted)).toBe(false);
    memory.release(wanted);
    expect(memory.reserve(wanted)).toBe(true);
  });

  it('copies a range that somebody computes with once, however many changes are added to it', () => {
    const cache = createCacheMemory(portableUserSets, 1_000_000).open();
    const users = portableUserSets.of([1]);
    const copy = portableUserSets.of([1]);
    users.clone = () => copy;
    const node = put(cache, 5, users);
    node.held = 1;
    const change = (seq: number) => ({
      seq,
      type: 0,
      day: 5,
      users: portableUserSets.of([seq]).toBytes(),
    });
    cache.advance({ types: new Set([0]), since: 1, asOf: 4, changes: [change(2), change(3), change(4)] });
    expect(node.users).toBe(copy);
    expect([...copy.toArray()]).toEqual([1, 2, 3, 4]);
    expect([...users.toArray()]).toEqual([1]);
    // Who began meanwhile computes with the copy.
    cache.advance({ types: new Set([0]), since: 4, asOf: 5, changes: [change(5)] });
    expect(node.users).not.toBe(copy);
    expect(copy.size).toBe(4);
  });
});
