import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import * as zlib from 'node:zlib';

import { openInput, type TextInput } from './open-input.js';

const noStdin = Readable.from([]);

async function textOf(input: TextInput): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input.bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('openInput', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'open-input-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const fileOf = async (name: string, content: Uint8Array | string): Promise<string> => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  const stdinOf = (...chunks: Uint8Array[]): Readable => Readable.from(chunks, { objectMode: false });

  it('reads a file and knows how far it is', async () => {
    const input = await openInput(await fileOf('plain.csv', 'a,b\n'), noStdin);
    expect(input.sizeBytes).toBe(4);
    expect(input.bytesRead()).toBe(0);
    expect(await textOf(input)).toBe('a,b\n');
    expect(input.bytesRead()).toBe(4);
  });

  it('decompresses by content, whatever the name', async () => {
    const zipped = zlib.gzipSync('a,b\n'.repeat(200_000));
    const input = await openInput(await fileOf('zipped.csv', zipped), noStdin);
    expect(await textOf(input)).toBe('a,b\n'.repeat(200_000));
    expect(input.bytesRead()).toBe(zipped.length);
    const plain = await openInput(await fileOf('plain.csv.gz', 'a,b\n'), noStdin);
    expect(await textOf(plain)).toBe('a,b\n');
  });

  it('reads gzip members one after another, as zcat does', async () => {
    const input = await openInput('-', stdinOf(Buffer.concat([zlib.gzipSync('a\n'), zlib.gzipSync('b\n')])));
    expect(await textOf(input)).toBe('a\nb\n');
  });

  it('takes a byte order mark off, also in gzip and cut into pieces', async () => {
    const marked = Buffer.from('\uFEFFa\uFEFF\n');
    expect(await textOf(await openInput('-', stdinOf(marked)))).toBe('a\uFEFF\n');
    expect(await textOf(await openInput('-', stdinOf(zlib.gzipSync(marked))))).toBe('a\uFEFF\n');
    const bytes = Array.from(marked, (byte) => Uint8Array.of(byte));
    expect(await textOf(await openInput('-', stdinOf(...bytes)))).toBe('a\uFEFF\n');
  });

  it.each([[''], ['a']])('reads %j to its end', async (content) => {
    expect(await textOf(await openInput(await fileOf('short.csv', content), noStdin))).toBe(content);
  });

  it('names what is wrong with an input', async () => {
    await expect(openInput(join(directory, 'absent.csv'), noStdin)).rejects.toThrow('no such file');
    await expect(openInput(directory, noStdin)).rejects.toThrow('is a directory');
    const utf16 = await openInput('-', stdinOf(Buffer.from('\uFEFFa,b\n', 'utf16le')));
    await expect(textOf(utf16)).rejects.toThrow('is UTF-16: save it as UTF-8');
    const cut = await openInput('-', stdinOf(zlib.gzipSync('a,b\n'.repeat(1_000)).subarray(0, 30)));
    await expect(textOf(cut)).rejects.toThrow('is broken gzip (cut short, or damaged)');
  });

  it('ends while it waits for more when it is closed', async () => {
    const stdin = new PassThrough();
    const input = await openInput('-', stdin);
    stdin.write('a,b\n');
    setTimeout(() => input.close(), 20);
    expect(await textOf(input)).toBe('a,b\n');
  });

  it('reads a file on from any byte of its text, but nothing that is compressed or a stream', async () => {
    const bytes = Buffer.from('\uFEFFa,b\nc,d\n');
    const file = await openInput(await fileOf('marked.csv', bytes), noStdin);
    expect(file.bytesFrom()).toBeUndefined();
    expect(await textOf(file)).toBe('a,b\nc,d\n');
    const rest: Uint8Array[] = [];
    for await (const piece of file.bytesFrom()?.(4) ?? []) rest.push(piece);
    expect(Buffer.concat(rest).toString()).toBe('c,d\n');
    expect(file.bytesRead()).toBe(bytes.length);
    for (const input of [
      await openInput(await fileOf('marked.csv.gz', zlib.gzipSync(bytes)), noStdin),
      await openInput('-', stdinOf(bytes)),
    ]) {
      await textOf(input);
      expect(input.bytesFrom()).toBeUndefined();
    }
  });

  it('reads zstd where Node can, and else says how to', async () => {
    const compress = (zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync;
    const zstd = compress?.(Buffer.from('a,b\n')) ?? Buffer.from('28b52ffd0404210000612c620a6a1c9d2a', 'hex');
    const text = textOf(await openInput(await fileOf('a.zst', zstd), noStdin));
    if (compress) {
      expect(await text).toBe('a,b\n');
      const cut = await fileOf('cut.zst', zstd.subarray(0, -3));
      await expect(textOf(await openInput(cut, noStdin))).rejects.toThrow('is broken zstd (cut short');
    } else await expect(text).rejects.toThrow('zstd -dc FILE | event-importer import -');
  });

  it.each([
    ['e\0v\0e\0', 'is UTF-16'],
    ['\0e\0v\0e', 'is UTF-16'],
    ['PAR1\x15', '--format parquet'],
  ])('tells what %j is', async (text, message) => {
    await expect(textOf(await openInput(await fileOf('other', text), noStdin))).rejects.toThrow(message);
  });
});
