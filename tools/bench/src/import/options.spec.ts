import { PARTS, readOptions } from './options.js';

const now = Date.UTC(2024, 5, 15, 12);

test('quick is smaller, full has the large file, and what is given goes before', () => {
  const parts = PARTS.filter((part) => part !== 'scale');
  expect(readOptions([], now)).toMatchObject({ rows: 5_000_000, scaleRows: 0, turns: 1, parts });
  expect(readOptions(['--quick', '--turns', '2'], now)).toMatchObject({ rows: 500_000, turns: 2, parts });
  expect(readOptions(['--full', '--rows', '1000'], now)).toMatchObject({
    rows: 1_000,
    peerRows: 1_000,
    scaleRows: 20_000_000,
    parts: PARTS,
  });
});

test('the rows end a week before today, so that no load on the gateway is of their days', () => {
  expect(readOptions([], now).endMs).toBe(Date.UTC(2024, 5, 8));
});

test('arguments for the importer are passed on as they are', () => {
  expect(readOptions(['--arg=--chunk-bytes=100000', '--arg=--quiet'], now).importerArgs).toEqual([
    '--chunk-bytes=100000',
    '--quiet',
  ]);
});
