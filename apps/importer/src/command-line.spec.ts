import { parseCommandLine, UsageError } from './command-line.js';

const parse = (...argv: string[]): ReturnType<typeof parseCommandLine> => parseCommandLine(argv, '1.2.3');

describe('command line', () => {
  const settings = {
    format: undefined,
    preset: undefined,
    columns: {},
    extraColumns: 'refuse',
    defaultEventType: undefined,
    timestamps: 'rfc3339',
    timezone: undefined,
    eventIdFrom: undefined,
  };
  const manner = { rejectFile: undefined, maxRejects: undefined, chunkBytes: 2_097_152, connections: 2 };

  it('reads import with its defaults', async () => {
    expect(await parse('import', 'a.csv', 'b.csv.gz', '-')).toEqual({
      command: 'import',
      request: { ...manner, files: ['a.csv', 'b.csv.gz', '-'], settings, dryRun: false, again: false },
      databaseUrl: undefined,
      json: false,
      quiet: false,
    });
  });

  it('reads every option', async () => {
    const argv =
      '--chunk-bytes 2000 --connections 3 --max-rejects 5% --reject-file r.csv --dry-run --again --json --quiet ' +
      '--database-url postgres://h/d --format ndjson --map user_id=who.id --map properties=props ' +
      '--extra-columns properties --default-event-type view --timestamps epoch-seconds --timezone Europe/Berlin ' +
      '--event-id-from user_id,occurred_at';
    expect(await parse('import', ...argv.split(' '), '-')).toEqual({
      command: 'import',
      request: {
        files: ['-'],
        chunkBytes: 2_000,
        connections: 3,
        maxRejects: { percent: 5 },
        rejectFile: 'r.csv',
        dryRun: true,
        again: true,
        settings: {
          format: 'ndjson',
          preset: undefined,
          columns: { user_id: 'who.id', properties: 'props' },
          extraColumns: 'properties',
          defaultEventType: 'view',
          timestamps: 'epoch-seconds',
          timezone: 'Europe/Berlin',
          eventIdFrom: ['user_id', 'occurred_at'],
        },
      },
      databaseUrl: 'postgres://h/d',
      json: true,
      quiet: true,
    });
    expect(await parse('import', 'resume', '7', 'moved.csv', '--max-rejects', '10')).toMatchObject({
      command: 'import resume',
      request: { ...manner, id: 7, file: 'moved.csv', maxRejects: { rows: 10 } },
    });
    expect(await parse('import', 'resume', '7', '-')).toMatchObject({ request: { file: '-' } });
    expect(await parse('import', 'resume', '7')).toMatchObject({ request: { file: undefined } });
    expect(await parse('import', 'undo', '7')).toMatchObject({ command: 'import undo', id: 7 });
    expect(await parse('import', 'status', '7')).toMatchObject({ command: 'import status', id: 7 });
    expect(await parse('import', 'list', '--limit', '3')).toMatchObject({ command: 'import list', limit: 3 });
    expect(await parse('import', 'a.csv', '--preset', 'mixpanel')).toMatchObject({
      request: { settings: { ...settings, preset: 'mixpanel' } },
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
    [['import'], 'Not enough non-option arguments'],
    [['import', 'a.csv', '--chunkbytes', '1'], 'chunkbytes'],
    [['import', 'a.csv', '--chunk-bytes', '0'], '--chunk-bytes must be a whole number'],
    [['import', 'a.csv', '--chunk-bytes', '2000.5'], '--chunk-bytes must be a whole number'],
    [['import', 'a.csv', '--connections', 'x'], '--connections must be a whole number'],
    [['import', 'a.csv', '--max-rejects', 'few'], '--max-rejects must be a whole number, or a percentage'],
    [['import', 'a.csv', '--map', 'user_id'], '--map user_id: must be FIELD=COLUMN'],
    [['import', 'a.csv', '--map', 'user=who'], 'FIELD one of event_id, user_id'],
    [['import', 'a.csv', '--map', 'user_id='], '--map user_id=: must be FIELD=COLUMN'],
    [['import', 'a.csv', '--map', 'user_id=a', '--map', 'user_id=b'], 'twice'],
    [['import', 'a.csv', '--event-id-from', 'event_id'], '--event-id-from must name some of user_id'],
    [['import', 'a.csv', '--event-id-from', 'user_id,user_id'], 'each once'],
    [['import', 'a.csv', '--timezone', 'Mars/Olympus'], 'no IANA time zone'],
    [['import', 'a.csv', '--preset', 'umami'], 'posthog'],
    [['import', 'a.csv', '--preset', 'posthog', '--map', 'user_id=who'], 'do not go together'],
    [['import', 'undo'], 'Not enough non-option arguments'],
    [['import', 'undo', 'last'], 'ID must be a whole number'],
    [['import', 'undo', '0'], 'ID must be a whole number'],
    [['import', 'list', 'extra'], 'extra'],
    [['import', 'resume', '1', 'a.csv', '--reject-file', './a.csv'], 'overwrite the input'],
    [['import', 'a.csv', 'a.csv'], 'named twice'],
    [['import', 'a.csv', 'b.csv', '--reject-file', 'r.csv'], 'one FILE'],
    [['import', 'a.csv', '--reject-file', './a.csv'], 'overwrite the input'],
    [
      ['import', 'a.csv', './a.csv.rejects.csv'],
      './a.csv.rejects.csv is also where rejected rows of another',
    ],
    [['import', '-', 'rejects.csv'], 'rejects.csv is also where rejected rows of another'],
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
