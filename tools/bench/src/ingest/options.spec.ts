import { PARTS, readOptions } from './options.js';

test('quick is shorter, and what is given goes before', () => {
  expect(readOptions([])).toMatchObject({ seconds: 60, turns: 3, quick: false, parts: PARTS });
  expect(readOptions(['--quick', '--turns', '5'])).toMatchObject({ seconds: 12, turns: 5, quick: true });
});

test('some parts, and settings for the services', () => {
  const given = ['--only', 'sustained,copy', '--env', 'GATEWAY_WORKERS=2', '--env', 'A=b=c'];
  expect(readOptions(given)).toMatchObject({
    parts: ['sustained', 'copy'],
    env: { GATEWAY_WORKERS: '2', A: 'b=c' },
  });
});
