import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { openInput, type CsvInput } from './open-input.js';

const noStdin = Readable.from([]);

async function textOf(input: CsvInput): Promise<string> {
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
    const zipped = gzipSync('a,b\n'.repeat(200_000));
    const input = await openInput(await fileOf('zipped.csv', zipped), noStdin);
    expect(await textOf(input)).toBe('a,b\n'.repeat(200_000));
    expect(input.bytesRead()).toBe(zipped.length);
    const plain = await openInput(await fileOf('plain.csv.gz', 'a,b\n'), noStdin);
    expect(await textOf(plain)).toBe('a,b\n');
  });

  it('reads gzip members one after another, as zcat does', async () => {
    const input = await openInput('-', stdinOf(Buffer.concat([gzipSync('a\n'), gzipSync('b\n')])));
    expect(await textOf(input)).toBe('a\nb\n');
  });

  it('takes a byte order mark off, also in gzip and cut into pieces', async () => {
    const marked = Buffer.from('\uFEFFa\uFEFF\n');
    expect(await textOf(await openInput('-', stdinOf(marked)))).toBe('a\uFEFF\n');
    expect(await textOf(await openInput('-', stdinOf(gzipSync(marked))))).toBe('a\uFEFF\n');
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
    const cut = await openInput('-', stdinOf(gzipSync('a,b\n'.repeat(1_000)).subarray(0, 30)));
    await expect(textOf(cut)).rejects.toThrow('is broken gzip (cut short, or damaged)');
  });

  it('ends while it waits for more when it is closed', async () => {
    const stdin = new PassThrough();
    const input = await openInput('-', stdin);
    stdin.write('a,b\n');
    setTimeout(() => input.close(), 20);
    expect(await textOf(input)).toBe('a,b\n');
  });
});
