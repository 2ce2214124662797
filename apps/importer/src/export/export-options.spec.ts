import yargs from 'yargs';

import { UsageError, wordsForYargs } from '../options/common-options.js';
import { exportOptions, exportRequest, type ExportRequest } from './export-options.js';

async function requestOf(...words: string[]): Promise<ExportRequest> {
  let request: ExportRequest | undefined;
  await yargs(wordsForYargs(['export', ...words]))
    .command('export', '', exportOptions, (args) => {
      request = exportRequest(args);
    })
    .strict()
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new UsageError(message ?? '');
    })
    .parseAsync();
  if (request === undefined) throw new Error('no command was run');
  return request;
}

const bounds = async (...words: string[]): Promise<(string | undefined)[]> => {
  const { fromMs, toMs } = (await requestOf(...words)).selection;
  return [fromMs, toMs].map((ms) => (ms === undefined ? undefined : new Date(ms).toISOString()));
};

describe('options of export', () => {
  it('are all events as CSV on standard output, if none are given', async () => {
    expect(await requestOf()).toEqual({
      format: 'csv',
      output: '-',
      gzip: false,
      selection: { fromMs: undefined, toMs: undefined, eventTypes: undefined, userIds: undefined },
    });
    expect((await requestOf('--output', '-')).output).toBe('-');
  });

  it.each([
    ['a.csv', 'csv', false],
    ['a.csv.gz', 'csv', true],
    ['a.NDJSON', 'ndjson', false],
    ['a.jsonl.gz', 'ndjson', true],
    ['a.parquet', 'parquet', false],
    ['a', 'csv', false],
    ['csv', 'csv', false],
  ])('tell by the name %s that it is %s', async (output, format, gzip) => {
    expect(await requestOf('-o', output)).toMatchObject({ output, format, gzip });
  });

  it('go before the name', async () => {
    expect(await requestOf('-o', 'a.csv', '--format', 'ndjson', '--gzip')).toMatchObject({
      format: 'ndjson',
      gzip: true,
    });
    expect(await requestOf('-o', 'a.csv.gz', '--no-gzip')).toMatchObject({ gzip: false });
  });

  it('take days as of the zone, the last one whole, and instants as they are', async () => {
    expect(await bounds('--from', '2024-03-31', '--to', '2024-03-31')).toEqual([
      '2024-03-31T00:00:00.000Z',
      '2024-04-01T00:00:00.000Z',
    ]);
    expect(await bounds('--from', '2024-03-31', '--to', '2024-03-31', '--timezone', 'Europe/Berlin')).toEqual(
      ['2024-03-30T23:00:00.000Z', '2024-03-31T22:00:00.000Z'],
    );
    expect(await bounds('--from', '2024-01-31T12:00:00+01:00', '--timezone', 'Asia/Tokyo')).toEqual([
      '2024-01-31T11:00:00.000Z',
      undefined,
    ]);
    // Its midnight was skipped, and the day before was left out.
    expect(await bounds('--from', '2018-11-04', '--timezone', 'America/Sao_Paulo')).toEqual([
      '2018-11-04T03:00:00.000Z',
      undefined,
    ]);
    expect(await bounds('--from', '2011-12-30', '--timezone', 'Pacific/Apia')).toEqual([
      '2011-12-30T10:00:00.000Z',
      undefined,
    ]);
  });

  it('take types and users more than once, whatever they look like', async () => {
    const { selection } = await requestOf('--event-type', 'a,b', '--event-type', 'c', '--user', '42');
    expect(selection).toMatchObject({ eventTypes: ['a,b', 'c'], userIds: ['42'] });
  });

  it.each([
    [['--from', '2024-02-30'], '--from must be a day'],
    [['--to', '2024-01-31T12:00:00'], '--to must be a day'],
    [['--from', '2024-02-02', '--to', '2024-02-01'], '--from must be before --to'],
    [['--timezone', 'Berlin'], '--timezone: Berlin'],
    [['--format', 'parquet'], 'cannot be written to standard output'],
    [['-o', 'a.parquet', '--gzip'], '--gzip does not go with Parquet'],
    [['--format', 'xml'], 'xml'],
    [['--output', ''], '--output needs a path'],
  ])('refuse %j', async (words, message) => {
    await expect(requestOf(...words)).rejects.toThrow(message);
  });
});
