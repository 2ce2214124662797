import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { detectFormat, formatOf } from './detect-format.js';
import { InputError } from './open-input.js';

const noStdin = Readable.from([]);
const never = new AbortController().signal;

describe('detectFormat', () => {
  it.each([
    ['csv', 'event_id,occurred_at\n'],
    ['csv', '\uFEFFevent_id,occurred_at\n'],
    ['csv', ''],
    ['ndjson', '{"event_id":"x"}\n'],
    ['ndjson', '\uFEFF\n  {"event_id":"x"}\n'],
    // Which is then refused in words of its own.
    ['ndjson', '[{"event_id":"x"}]'],
    ['parquet', 'PAR1\x15\x04'],
    ['csv', 'line,code,message,row\n1,header,,"event_id,occurred_at"\n2,too_long,"m","x,y"\n'],
    ['ndjson', 'line,code,message,row\n7,invalid_json,"m","{""a"":"\n'],
  ])('finds %s in %j', async (format, text) => {
    expect(await formatOf(Buffer.from(text))).toBe(format);
    if (format !== 'parquet') expect(await formatOf(gzipSync(text))).toBe(format);
  });

  it('reads only the beginning, of what is compressed too', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'detect-format-'));
    try {
      const lines = Array.from({ length: 50_000 }, (_, i) => `{"n":${i * 7919}}`).join('\n');
      await writeFile(join(directory, 'a'), gzipSync(lines));
      await writeFile(join(directory, 'b'), lines);
      expect(await detectFormat(join(directory, 'a'), noStdin, never)).toBe('ndjson');
      expect(await detectFormat(join(directory, 'b'), noStdin, never)).toBe('ndjson');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('leaves standard input as it was', async () => {
    const stdin = new PassThrough();
    stdin.write('{"a":1}\n');
    const format = detectFormat('-', stdin, never);
    expect(await format).toBe('ndjson');
    stdin.end('{"b":2}\n');
    expect(Buffer.concat(await stdin.toArray()).toString()).toBe('{"a":1}\n{"b":2}\n');
    const empty = new PassThrough();
    empty.end();
    expect(await detectFormat('-', empty, never)).toBe('csv');
  });

  it('waits no longer for standard input when it is to stop', async () => {
    const abort = new AbortController();
    const format = detectFormat('-', new PassThrough(), abort.signal);
    abort.abort();
    expect(await format).toBe('csv');
  });

  it('says what cannot be read', async () => {
    await expect(detectFormat('/no/such/file', noStdin, never)).rejects.toThrow('no such file');
    await expect(detectFormat(tmpdir(), noStdin, never)).rejects.toThrow(InputError);
    await expect(formatOf(Buffer.from('a,b', 'utf16le'))).rejects.toThrow('UTF-16');
  });
});
