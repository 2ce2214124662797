import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

import type { ExportRequest } from './export-options.js';
import { exportTo, type ExportToOptions, type ReadEvents } from './export-to.js';

const HEADER = 'event_id,occurred_at,user_id,event_type,properties_json,escaped\n';

/** As the database sends them: pieces need not end where lines do. */
const sending =
  (pieces: string[], fail?: Error): ReadEvents =>
  (_what, read) =>
    read(
      (async function* () {
        for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
        if (fail) throw fail;
      })(),
    );

describe('exportTo', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'export-to-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const optionsOf = (exportEvents: ReadEvents, o: Partial<ExportToOptions> = {}): ExportToOptions => ({
    exportEvents,
    stdout: new PassThrough(),
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...o,
  });
  const requestOf = (o: Partial<ExportRequest> = {}): ExportRequest => ({
    format: 'csv',
    output: join(directory, 'out'),
    gzip: false,
    selection: {},
    ...o,
  });

  it('writes lines behind a header, and counts them however they are cut', async () => {
    const request = requestOf();
    const seen: number[] = [];
    const onProgress = ({ events }: { events: number }): number => seen.push(events);
    const written = await exportTo(request, optionsOf(sending(['a\nb', 'b\nc\n', 'd\n']), { onProgress }));
    expect(written).toEqual({ events: 4, bytes: 9 });
    expect(seen).toEqual([1, 3, 4]);
    expect(await readFile(request.output, 'utf8')).toBe(`${HEADER}a\nbb\nc\nd\n`);
    expect(await readdir(directory)).toEqual(['out']);
  });

  it('writes nothing but a header where there are no events, and of NDJSON nothing', async () => {
    const request = requestOf();
    await exportTo(request, optionsOf(sending([])));
    expect(await readFile(request.output, 'utf8')).toBe(HEADER);
    await exportTo({ ...request, format: 'ndjson' }, optionsOf(sending([])));
    expect(await readFile(request.output, 'utf8')).toBe('');
  });

  it('compresses', async () => {
    const request = requestOf({ gzip: true, format: 'ndjson' });
    const lines = '{"a":1}\n'.repeat(10_000);
    expect(await exportTo(request, optionsOf(sending([lines])))).toEqual({ events: 10_000, bytes: 80_000 });
    const file = await readFile(request.output);
    expect(file.length).toBeLessThan(8_000);
    expect(gunzipSync(file).toString()).toBe(lines);
  });

  it('writes to standard output, and leaves it open', async () => {
    const stdout = new PassThrough();
    const output = text(stdout);
    await exportTo(requestOf({ output: '-' }), optionsOf(sending(['a\n']), { stdout }));
    expect(stdout.writableEnded).toBe(false);
    stdout.end();
    expect(await output).toBe(`${HEADER}a\n`);
  });

  it('leaves what was there before when it fails, and nothing else', async () => {
    const request = requestOf();
    await writeFile(request.output, 'before');
    const lost = new Error('the connection was lost');
    for (const format of ['csv', 'ndjson', 'parquet'] as const) {
      await expect(exportTo({ ...request, format }, optionsOf(sending(['a\n'], lost)))).rejects.toThrow(lost);
    }
    const interruption = new AbortController();
    const interrupted = optionsOf(sending(['a\n', 'b\n']), {
      signal: interruption.signal,
      onProgress: () => interruption.abort(),
    });
    await expect(exportTo(request, interrupted)).rejects.toThrow('aborted');
    // No CSV of events: DuckDB refuses it.
    await expect(exportTo({ ...request, format: 'parquet' }, optionsOf(sending(['a\n'])))).rejects.toThrow(
      'CSV',
    );
    expect(await readFile(request.output, 'utf8')).toBe('before');
    expect(await readdir(directory)).toEqual(['out']);
  });

  it('asks for no events where the file cannot be written', async () => {
    const asked: ReadEvents = () => Promise.reject(new Error('was asked'));
    await expect(exportTo(requestOf({ output: directory }), optionsOf(asked))).rejects.toThrow(
      'is a directory',
    );
    const absent = requestOf({ output: join(directory, 'absent', 'out') });
    await expect(exportTo(absent, optionsOf(asked))).rejects.toThrow('cannot be written (ENOENT)');
  });

  it('refuses Parquet where there can be no file, and needs no events for it', async () => {
    const request = requestOf({ output: '/dev/null', format: 'parquet' });
    const asked: ReadEvents = () => Promise.reject(new Error('was asked'));
    await expect(exportTo(request, optionsOf(asked))).rejects.toThrow('Parquet needs a file');
  });

  it('writes to what is no file as it is', async () => {
    expect(await exportTo(requestOf({ output: '/dev/null' }), optionsOf(sending(['a\n'])))).toEqual({
      events: 1,
      bytes: 2,
    });
  });
});
