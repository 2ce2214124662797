import { parseCommandLine, UsageError } from './command-line.js';

const parse = (...argv: string[]): ReturnType<typeof parseCommandLine> => parseCommandLine(argv, '1.2.3');

test('list, with its defaults and with every option', async () => {
  expect(await parse('list')).toEqual({
    command: 'list',
    request: { reason: undefined, limit: 50, json: false },
    json: false,
    quiet: false,
  });
  expect(await parse('list', '--reason', 'r', '--limit', '0', '--json', '--quiet')).toEqual({
    command: 'list',
    request: { reason: 'r', limit: 0, json: true },
    json: true,
    quiet: true,
  });
});

test('show', async () => {
  expect(await parse('show', '17')).toMatchObject({ request: { sequence: 17, json: false } });
});

test.each([
  [['7', '5', '7'], { by: 'sequence', sequences: [7, 5] }],
  [['--reason', 'r'], { by: 'reason', reason: 'r' }],
  [['--all'], { by: 'all' }],
])('replay and drop choose by %j', async (argv, selection) => {
  expect(await parse('replay', ...argv)).toMatchObject({
    request: { selection, payloadFile: undefined, dryRun: false },
  });
  expect(await parse('drop', ...argv)).toMatchObject({
    request: { selection, yes: false, saveTo: undefined },
  });
});

test.each(['--payload', '--edit'])('%s replaces the payload of one', async (option) => {
  expect(await parse('replay', '7', option, 'f.json')).toMatchObject({ request: { payloadFile: 'f.json' } });
  expect(await parse('replay', '7', option, '-')).toMatchObject({ request: { payloadFile: '-' } });
});

test('drop saves before', async () => {
  expect(await parse('drop', '--all', '--yes', '--to', 'f')).toMatchObject({
    request: { yes: true, saveTo: 'f' },
  });
});

test.each([
  [[], 'name a command'],
  [['bury'], 'bury'],
  [['list', '--limit', '-1'], '--limit must be a whole number'],
  [['list', '--limit', '1.5'], '--limit must be a whole number'],
  [['list', '7'], '7'],
  [['list', '--all'], 'all'],
  [['show'], 'Not enough non-option arguments'],
  [['show', '0'], '0 is no sequence'],
  [['show', '1e3'], '1e3 is no sequence'],
  [['show', '99999999999999999'], 'is no sequence'],
  [['replay'], 'say which letters'],
  [['replay', '7', '--all'], 'say which letters'],
  [['replay', '--all', '--reason', 'r'], 'say which letters'],
  [['replay', '--all', '--payload', 'f'], '--payload goes with one sequence'],
  [['replay', '1', '2', '--payload', 'f'], '--payload goes with one sequence'],
  [['replay', '1', '--payload', ''], '--payload needs a path'],
  [['replay', '--reason'], 'Not enough arguments following: reason'],
  [['drop'], 'say which letters'],
  [['drop', 'x'], 'x is no sequence'],
  [['drop', '1', '--dry-run'], 'dry'],
])('refuses %j', async (argv, message) => {
  const refused = parse(...argv);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(message);
});
