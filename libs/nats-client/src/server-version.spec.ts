import { isVersionAtLeast } from './server-version.js';

test.each([
  ['2.10.5', '2.10.5', true],
  ['2.9.10', '2.10.5', false],
  ['2.10.4', '2.10.5', false],
  ['2.10.29-binary', '2.10.5', true],
  ['v2.12.0-RC.1', '2.10.5', true],
  ['3.0.0', '2.10.5', true],
  ['unknown', '2.10.5', false],
])('%s is at least %s: %s', (version, minimum, expected) => {
  expect(isVersionAtLeast(version, minimum)).toBe(expected);
});
