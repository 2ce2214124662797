import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseString } from 'fast-csv';

import type { RejectedRow } from './rejected-row.js';
import { createRejectFile, RejectFileError } from './reject-file.js';

const row = (line: number, text: string): RejectedRow => ({
  line,
  bytes: Buffer.from(text),
  code: 'invalid_uuid',
  message: 'event_id "x" is no UUID',
});

describe('reject file', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reject-file-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is not made before a row is rejected', async () => {
    const path = join(directory, 'rejects.csv');
    const rejects = createRejectFile(path);
    await rejects.add([]);
    await rejects.close();
    expect(rejects.path()).toBeUndefined();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('holds line, code, message and the row as it was', async () => {
    const path = join(directory, 'rejects.csv');
    const rejects = createRejectFile(path);
    const texts = ['a,"b ""c""\n",d', '', '"unclosed', 'é🎈'];
    // Batches that finish together must not interleave.
    await Promise.all(texts.map((text, i) => rejects.add([row(i, text)])));
    await rejects.close();
    expect(rejects.path()).toBe(path);
    const rows: Record<string, string>[] = [];
    for await (const read of parseString(await readFile(path, 'utf8'), { headers: true })) rows.push(read);
    expect(rows).toEqual(
      texts.map((text, i) => ({
        line: `${i}`,
        code: 'invalid_uuid',
        message: 'event_id "x" is no UUID',
        row: text,
      })),
    );
  });

  it('keeps bytes that are no text', async () => {
    const path = join(directory, 'rejects.csv');
    const rejects = createRejectFile(path);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await rejects.add([{ ...row(2, ''), bytes }]);
    await rejects.close();
    const written = await readFile(path);
    const expected = Buffer.concat([bytes.subarray(0, 0x22), Buffer.from('""'), bytes.subarray(0x23)]);
    expect(written.includes(expected)).toBe(true);
  });

  it('names the option when it cannot be written', async () => {
    const rejects = createRejectFile(join(directory, 'absent', 'rejects.csv'));
    await expect(rejects.add([row(2, 'x')])).rejects.toThrow(RejectFileError);
    await expect(rejects.add([row(3, 'x')])).rejects.toThrow('see --reject-file');
    await rejects.close();
  });

  it('begins with the header of the input', async () => {
    const path = join(directory, 'rejects.csv');
    const rejects = createRejectFile(path, { header: Buffer.from('"a";b') });
    await rejects.add([row(3, 'x')]);
    await rejects.add([row(4, 'y')]);
    await rejects.close();
    expect(
      (await readFile(path, 'utf8')).split('\n').map((line) => line.replace(/^(\d+,\w+),.*,/, '$1 ')),
    ).toEqual([
      'line,code,message,row',
      '1,header """a"";b"',
      '3,invalid_uuid "x"',
      '4,invalid_uuid "y"',
      '',
    ]);
  });

  it('keeps the rows of what is stored when an import goes on, wherever its writer was killed', async () => {
    const path = join(directory, 'rejects.csv');
    const header = Buffer.from('a,b');
    const first = createRejectFile(path, { header });
    await first.add([row(2, 'two,"2"\nand more'), row(12, 'twelve')]);
    const storedBytes = (await readFile(path)).length;
    await first.add([row(120, 'torn "off"\n'), row(130, 'later')]);
    await first.close();
    const written = await readFile(path);
    const lines = async (): Promise<string[]> => {
      const read: Record<string, string>[] = [];
      for await (const one of parseString(await readFile(path, 'utf8'), { headers: true })) read.push(one);
      return read.map(({ line, row: text }) => `${line} ${text}`);
    };
    const keeps = (line: number): boolean => line < 100;
    for (let length = storedBytes; length <= written.length; length += 1) {
      await writeFile(path, written.subarray(0, length));
      const next = createRejectFile(path, { header, keeps });
      await next.add([row(120, 'torn "off"\n')]);
      await next.close();
      expect(await lines()).toEqual(['1 a,b', '2 two,"2"\nand more', '12 twelve', '120 torn "off"\n']);
    }
    const same = createRejectFile(path, { header, keeps });
    await same.close();
    expect(same.path()).toBe(path);
    expect(await lines()).toEqual(['1 a,b', '2 two,"2"\nand more', '12 twelve']);
  });

  it('begins anew where an import begins, and is not made where it goes on without one', async () => {
    const path = join(directory, 'rejects.csv');
    const none = createRejectFile(path, { keeps: () => true });
    await none.add([]);
    await none.close();
    expect(none.path()).toBeUndefined();
    for (const text of ['x', 'y']) {
      const rejects = createRejectFile(path);
      await rejects.add([row(2, text)]);
      await rejects.close();
    }
    expect(await readFile(path, 'utf8')).toMatch(/^line,code,message,row\n2,[^\n]*"y"\n$/);
  });

  it.each([
    ['begins', {}],
    ['goes on', { keeps: () => true }],
  ])('overwrites no file of another kind when an import %s', async (_, options) => {
    const path = join(directory, 'notes.csv');
    await writeFile(path, 'a,b\n1,2\n');
    const rejects = createRejectFile(path, options);
    await expect(rejects.add([row(2, 'x')])).rejects.toThrow('is no reject file');
    await rejects.close();
    expect(await readFile(path, 'utf8')).toBe('a,b\n1,2\n');
  });
});
