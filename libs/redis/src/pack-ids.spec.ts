import fc from 'fast-check';
import { packIds } from './pack-ids.js';

describe('packIds', () => {
  it('packs the bytes that a UUID writes, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.uuid(), { maxLength: 4 }), { maxLength: 4 }), (lists) => {
        expect(packIds(lists).toString('hex')).toBe(lists.flat().join('').replaceAll('-', ''));
      }),
    );
  });

  const good = '018f4e5a-9c1b-7c3d-8e2f-0123456789ab';
  it.each([
    ['', 'nothing'],
    ['x', 'something short'],
    [good.toUpperCase(), 'upper case'],
    [`${good}0`, 'too long'],
    [good.replaceAll('-', '0'), 'no dashes'],
    [good.replace('8', 'g'), 'another letter'],
    [good.replace('8', 'ı'), 'a letter outside ASCII'],
    [good.replace('ab', '-b'), 'a dash in the wrong place'],
  ])('refuses %j: %s', (id) => {
    expect(() => packIds([[good], [id]])).toThrow(RangeError);
  });
});
