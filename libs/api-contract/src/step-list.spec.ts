import fc from 'fast-check';
import { parseStepList } from './step-list.js';

test.each([
  ['a,b', ['a', 'b']],
  ['a', ['a']],
  ['', ['']],
  [',a,', ['', 'a', '']],
  [' a , b ', [' a ', ' b ']],
  [String.raw`a\,b,c`, ['a,b', 'c']],
  [String.raw`a\\,b`, ['a\\', 'b']],
  [String.raw`a\\\,b`, ['a\\,b']],
  [String.raw`\,,\\`, [',', '\\']],
  ['a\nb,🙂', ['a\nb', '🙂']],
])('%j', (text, steps) => {
  expect(parseStepList(text)).toEqual(steps);
});

test.each([String.raw`a\b,c`, 'a,b\\', '\\🙂', '\\\n'])('%j is refused', (text) => {
  expect(parseStepList(text)).toBeUndefined();
});

test('what was escaped comes back', () => {
  const step = fc.string({ unit: fc.constantFrom(',', '\\', 'a', '🙂') });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), (steps) => {
      const text = steps.map((one) => one.replaceAll(/[,\\]/g, (special) => `\\${special}`)).join(',');
      expect(parseStepList(text)).toEqual(steps);
    }),
  );
});
