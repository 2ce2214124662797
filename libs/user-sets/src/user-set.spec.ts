import * as fc from 'fast-check';
import { describeKinds } from '../test/kinds.js';
import { numberLists, range, spreadNumberLists } from '../test/random-numbers.js';
import type { UserSet } from './user-set.js';

const ascending = (numbers: Iterable<number>) => Uint32Array.from(numbers).sort();
const either = fc.oneof(numberLists, spreadNumberLists);

/** The set is what the model is, by every way to ask for it. */
function expectHolds(set: UserSet, model: Set<number>) {
  expect(set.size).toBe(model.size);
  // toEqual would look at a hundred thousand elements one by one.
  expect(Buffer.compare(Buffer.from(set.toArray().buffer), Buffer.from(ascending(model).buffer))).toBe(0);
}

describeKinds('a user set', (sets) => {
  it('holds nothing at first', () => {
    for (const set of [sets.empty(), sets.of([])]) {
      expectHolds(set, new Set());
      expect(set.equals(sets.empty())).toBe(true);
      expect(set.andSize(sets.of([1]))).toBe(0);
      expect(sets.fromBytes(set.toBytes()).size).toBe(0);
    }
  });

  it.each([
    [[0]],
    [[4_294_967_295]],
    [[65_535, 65_536]],
    [[7, 3, 3, 7, 4_294_967_295, 0, 2_147_483_648, 2_147_483_647]],
  ])('holds %j', (numbers) => {
    expectHolds(sets.of(numbers), new Set(numbers));
    expectHolds(sets.of(Uint32Array.from(numbers)), new Set(numbers));
    expectHolds(sets.fromBytes(sets.of(numbers).toBytes()), new Set(numbers));
  });

  it('does what Set does', () => {
    const property = fc.property(either, either, (first, second) => {
      const [a, b] = [sets.of(first), sets.of(second)];
      const [modelOfA, modelOfB] = [new Set(first), new Set(second)];
      const both = new Set(first.filter((number) => modelOfB.has(number)));
      const rest = new Set(first.filter((number) => !modelOfB.has(number)));
      expectHolds(a.and(b), both);
      expect(a.andSize(b)).toBe(both.size);
      expect(b.andSize(a)).toBe(both.size);
      expectHolds(a.minus(b), rest);
      expect(a.equals(b)).toBe(both.size === modelOfA.size && both.size === modelOfB.size);

      const union = a.clone();
      union.add(b);
      expectHolds(union, new Set([...modelOfA, ...modelOfB]));
      // Neither was changed by any of that.
      expectHolds(a, modelOfA);
      expectHolds(b, modelOfB);
    });
    fc.assert(property, { seed: 4, numRuns: 80 });
  }, 120_000);

  it('stays right over many steps, each on what the steps before made', () => {
    const step = fc.tuple(fc.constantFrom('add', 'and', 'minus', 'clone', 'bytes'), fc.nat(3), fc.nat(3));
    const lists = fc.array(either, { minLength: 4, maxLength: 4 });
    const property = fc.property(lists, fc.array(step, { maxLength: 12 }), (numbers, steps) => {
      const slots = numbers.map((list) => ({ set: sets.of(list), model: new Set(list) }));
      for (const [operation, to, from] of steps) {
        const [target, other] = [slots[to]!, slots[from]!];
        if (operation === 'add') {
          target.set.add(other.set);
          target.model = new Set([...target.model, ...other.model]);
        } else if (operation === 'clone') {
          slots[to] = { set: other.set.clone(), model: new Set(other.model) };
        } else if (operation === 'bytes') {
          target.set = sets.fromBytes(target.set.toBytes());
        } else {
          target.set = target.set[operation](other.set);
          const wanted = operation === 'and';
          target.model = new Set([...target.model].filter((number) => other.model.has(number) === wanted));
        }
      }
      for (const { set, model } of slots) {
        expectHolds(set, model);
        expect(set.equals(sets.of([...model]))).toBe(true);
      }
    });
    fc.assert(property, { seed: 4, numRuns: 40 });
  }, 120_000);

  it('works on itself', () => {
    for (const numbers of [[1, 2, 70_000], range(0, 100), range(0, 70_000)]) {
      const set = sets.of(numbers);
      set.add(set);
      expectHolds(set, new Set(numbers));
      expect(set.andSize(set)).toBe(numbers.length);
      expectHolds(set.and(set), new Set(numbers));
      expectHolds(set.minus(set), new Set());
      expect(set.equals(set)).toBe(true);
    }
  });

  it('shares nothing with what it was made from', () => {
    for (const numbers of [[1, 2], range(0, 200), range(0, 100_000)]) {
      const set = sets.of(numbers);
      const copies = [set.clone(), set.and(set), set.minus(sets.empty()), sets.empty()];
      copies[3]!.add(set);
      set.add(sets.of([3_000_000, 100_001]));
      for (const copy of copies) expectHolds(copy, new Set(numbers));
      copies[3]!.add(sets.of(range(100_002, 200_000)));
      expectHolds(set, new Set([...numbers, 3_000_000, 100_001]));
    }
  });

  it('says how much memory it takes', () => {
    const dense = sets.of(range(0, 1_000_000).filter((number) => number % 2 === 0));
    expect(dense.bytes).toBeGreaterThan(16 * 8192 * 0.9);
    expect(dense.bytes).toBeLessThan(16 * 8192 * 1.3);
    const sparse = sets.of(range(0, 1_000_000).filter((number) => number % 100 === 0));
    expect(sparse.bytes).toBeGreaterThan(20_000);
    expect(sparse.bytes).toBeLessThan(30_000);
    expect(sets.of([5]).bytes).toBeLessThan(1000);
  });

  it('keeps no runs, which are slow, when it is written or read', () => {
    const set = sets.of(range(0, 1_000_000).filter((number) => number % 1000 !== 0));
    const { bytes } = set;
    expect(bytes).toBeGreaterThan(16 * 8192);
    expect(set.toBytes().length).toBeLessThan(10_000);
    expect(set.bytes).toBe(bytes);
    expect(sets.fromBytes(set.toBytes()).bytes).toBe(bytes);
  });

  it('finds some of one container among many of the other', () => {
    const many = sets.of(range(0, 4000).map((number) => 16 * number));
    const some = sets.of(range(0, 49).map((number) => 24 * number));
    expect(some.andSize(many)).toBe(25);
    expect(many.andSize(some)).toBe(25);
    expect([...some.and(many).toArray()]).toEqual(range(0, 24).map((number) => 48 * number));
  });

  it('refuses a set of another kind', () => {
    const stranger = {} as UserSet;
    expect(() => sets.empty().andSize(stranger)).toThrow(TypeError);
  });
});
