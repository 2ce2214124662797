import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseString } from 'fast-csv';

import type { RejectedRow } from './batch.js';
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
});
