import fc from 'fast-check';

import { scanAll } from '../../test/scan-all.js';
import { parseRecords } from './parse-records.js';

const parseCsv = (bytes: Uint8Array): ReturnType<typeof parseRecords> =>
  parseRecords(scanAll(bytes, 100_000));

const parseCsvText = (text: string): ReturnType<typeof parseRecords> =>
  parseCsv(new TextEncoder().encode(text));

const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;

describe('parseRecords', () => {
  it('reads what RFC 4180 writes, whatever stands in the fields', async () => {
    const field = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', '\uFEFF', '\u00a0', 'a') }),
    );
    const row = fc.array(field, { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        async (rows, newline) => {
          const csv = rows.map((fields) => fields.map(quoted).join(',')).join(newline);
          const { parsed, refused } = await parseCsvText(csv);
          expect(refused).toEqual([]);
          expect(parsed.map((record) => record.fields)).toEqual(rows);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads unquoted fields as they stand', async () => {
    const { parsed, refused } = await parseCsvText('a, b ,\n,{"c":1},x"y\n');
    expect(refused).toEqual([]);
    expect(parsed.map((record) => record.fields)).toEqual([
      ['a', ' b ', ''],
      ['', '{"c":1}', 'x"y'],
    ]);
  });

  it('refuses a bad row alone, with its line and bytes', async () => {
    const { parsed, refused } = await parseCsvText('a,b\nc,"d"e\n"f\ng,h\ni,"j"\n');
    expect(parsed.map((record) => [record.line, ...record.fields])).toEqual([
      [1, 'a', 'b'],
      [4, 'g', 'h'],
      [5, 'i', 'j'],
    ]);
    expect(refused.map((r) => [r.line, r.code, new TextDecoder().decode(r.bytes)])).toEqual([
      [2, 'invalid_csv', 'c,"d"e'],
      [3, 'unclosed_quote', '"f'],
    ]);
  });

  it('refuses a row that is not UTF-8 alone', async () => {
    const latin1 = Buffer.from('a,b\nc,\xe9\ne,f\n', 'latin1');
    const { parsed, refused } = await parseCsv(latin1);
    expect(parsed.map((record) => record.line)).toEqual([1, 3]);
    expect(refused).toMatchObject([
      { line: 2, code: 'invalid_utf8', bytes: Buffer.from('c,\xe9', 'latin1') },
    ]);
  });

  it('never lets a row reach into another, whatever the bytes are', async () => {
    const piece = fc.constantFrom(
      '"',
      ',',
      '\n',
      '\r',
      'a',
      ' ',
      '\u00a0',
      '\u2028',
      '\v',
      '""',
      '",',
      ',"',
      '"\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const records = scanAll(new TextEncoder().encode(pieces.join('')), 100);
        const together = await parseRecords(records);
        const alone = await Promise.all(records.map((record) => parseRecords([record])));
        expect(together.parsed).toEqual(alone.flatMap((one) => one.parsed));
        expect(together.refused).toEqual(alone.flatMap((one) => one.refused));
        expect(together.parsed.length + together.refused.length).toBe(records.length);
      }),
      { numRuns: 200 },
    );
  });
});
