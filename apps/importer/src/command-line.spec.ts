import { parseCommandLine, UsageError } from './command-line.js';

const parse = (...argv: string[]): ReturnType<typeof parseCommandLine> => parseCommandLine(argv, '1.2.3');

describe('command line', () => {
  it('reads import with its defaults', async () => {
    expect(await parse('import', 'a.csv', 'b.csv.gz', '-')).toEqual({
      command: 'import',
      request: { files: ['a.csv', 'b.csv.gz', '-'], batchSize: 5_000, rejectFile: undefined, dryRun: false },
      databaseUrl: undefined,
      json: false,
      quiet: false,
    });
  });

  it('reads every option', async () => {
    const argv = '--batch-size 10 --reject-file r.csv --dry-run --json --quiet --database-url postgres://h/d';
    expect(await parse('import', ...argv.split(' '), '-')).toEqual({
      command: 'import',
      request: { files: ['-'], batchSize: 10, rejectFile: 'r.csv', dryRun: true },
      databaseUrl: 'postgres://h/d',
      json: true,
      quiet: true,
    });
    expect(await parse('migrate', '--wait-seconds', '5')).toMatchObject({
      command: 'migrate',
      waitSeconds: 5,
    });
  });

  it('takes a name of digits as a name', async () => {
    expect(await parse('import', '2024')).toMatchObject({ request: { files: ['2024'] } });
  });

  it.each([
    [[], 'name a command'],
    [['export', 'a.csv'], 'export'],
    [['import'], 'Not enough non-option arguments'],
    [['import', 'a.csv', '--batchsize', '1'], 'batchsize'],
    [['import', 'a.csv', '--batch-size', '0'], '--batch-size must be a whole number'],
    [['import', 'a.csv', '--batch-size', '1.5'], '--batch-size must be a whole number'],
    [['import', 'a.csv', '--batch-size', 'x'], '--batch-size must be a whole number'],
    [['import', 'a.csv', 'a.csv'], 'named twice'],
    [['import', 'a.csv', 'b.csv', '--reject-file', 'r.csv'], 'one FILE'],
    [['import', 'a.csv', '--reject-file', './a.csv'], 'overwrite the input'],
    [['import', 'a.csv', '--reject-file', '-'], 'needs a path'],
    [['import', 'a.csv', '--reject-file'], 'Not enough arguments following: reject-file'],
    [['recount', '--limit', '1001'], '--limit'],
    [['recount', 'extra'], 'extra'],
    [['reindex', '--zone'], 'zone'],
    [['migrate', 'extra'], 'extra'],
    [['migrate', '--wait-seconds', '-1'], '--wait-seconds'],
  ])('refuses %j', async (argv, message) => {
    const refused = parse(...argv);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
  });
});
