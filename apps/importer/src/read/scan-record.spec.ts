import fc from 'fast-check';

import { scanAll } from '../../test/scan-all.js';
import { scanRecord } from './scan-record.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function scanText(text: string, maxRowBytes = 1_000): [number, string, string?][] {
  return scanAll(bytesOf(text), maxRowBytes).map((record) =>
    record.problem
      ? [record.line, textOf(record.bytes), record.problem.code]
      : [record.line, textOf(record.bytes)],
  );
}

describe('scanRecord', () => {
  it('ends a record at LF, CRLF and CR, and needs none at the end', () => {
    expect(scanText('a,b\nc,d\r\ne,f\rg,h')).toEqual([
      [1, 'a,b'],
      [2, 'c,d'],
      [3, 'e,f'],
      [4, 'g,h'],
    ]);
  });

  it('skips blank lines but counts them', () => {
    expect(scanText('\n\r\n\ra\n\n\nb\n\n')).toEqual([
      [4, 'a'],
      [7, 'b'],
    ]);
  });

  it('keeps newlines, commas and doubled quotes inside quotes', () => {
    expect(scanText('"a\nb\r\nc","d""\r,""",e\nf\n')).toEqual([
      [1, '"a\nb\r\nc","d""\r,""",e'],
      [5, 'f'],
    ]);
  });

  it('opens a quote only at the start of a field', () => {
    expect(scanText('a"b,c\nd "e,f\n')).toEqual([
      [1, 'a"b,c'],
      [2, 'd "e,f'],
    ]);
  });

  it('marks what parsers read differently', () => {
    const irregular = (text: string): boolean[] => scanAll(bytesOf(text), 1_000).map((r) => r.irregular);
    expect(irregular('a,"b"\n{"c":1}\n "d"\n"e" ,f\n"g"h\n\u00a0"i"\n"j" "k"\nl')).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('gives up only the line of an unclosed quote, at the end of the file', () => {
    expect(scanText('a\n"b\nc\nd')).toEqual([
      [1, 'a'],
      [2, '"b', 'unclosed_quote'],
      [3, 'c'],
      [4, 'd'],
    ]);
  });

  it('gives up only the line of an unclosed quote when a later row opens quotes', () => {
    expect(scanText('1,"b\r\n2,"c"\r\n3,"d"')).toEqual([
      [1, '1,"b', 'unclosed_quote'],
      [2, '2,"c"'],
      [3, '3,"d"'],
    ]);
  });

  it('gives up only the line of an unclosed quote when the record grows too large', () => {
    const rows = Array.from({ length: 50 }, (_, i) => `row ${i}`);
    expect(scanText(`"b\n${rows.join('\n')}\n`, 100)).toEqual([
      [1, '"b', 'unclosed_quote'],
      ...rows.map((row, i) => [i + 2, row]),
    ]);
  });

  it('keeps text after a closing quote in its line', () => {
    expect(scanText('"a"b,"c\nd\n')).toEqual([
      [1, '"a"b,"c'],
      [2, 'd'],
    ]);
  });

  it('takes a record of exactly the limit and cuts a longer one', () => {
    expect(scanText(`${'x'.repeat(10)}\n${'y'.repeat(11)}\r\nz\n`, 10)).toEqual([
      [1, 'x'.repeat(10)],
      [2, 'y'.repeat(10), 'record_too_large'],
      [3, 'z'],
    ]);
  });

  it('tells of a part of the text what it tells of the whole, or that more must be known', () => {
    const piece = fc.constantFrom('"', ',', '\n', '\r', '\r\n', 'a', ' ', 'é', '""', '",', '"\n', '\t');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.integer({ min: 3, max: 40 }),
        (pieces, maxRowBytes) => {
          const bytes = bytesOf(pieces.join(''));
          const whole = scanRecord(bytes, 0, { isLast: true, maxRowBytes });
          for (let length = 0; length < bytes.length; length += 1) {
            const part = scanRecord(bytes.subarray(0, length), 0, { isLast: false, maxRowBytes });
            if (part === undefined) expect(length).toBeLessThan(maxRowBytes + 2);
            else if (part.lineGoesOn)
              expect({ ...part, end: 0 }).toEqual({ ...whole, end: 0, lineGoesOn: true });
            else expect(part).toEqual(whole);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('loses nothing but line endings, and numbers every record by its line', () => {
    const piece = fc.constantFrom('"', ',', '\n', '\r', '\r\n', 'a', ' ', '""', '",', '"\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('');
        const lines = text.split(/\r\n|\n|\r/);
        const records = scanText(text);
        for (const [line, record] of records) {
          const height = record.split(/\r\n|\n|\r/).length;
          expect(lines.slice(line - 1, line - 1 + height).join('\n')).toBe(record.replace(/\r\n|\r/g, '\n'));
        }
        const glue = (parts: string[]): string => parts.join('').replace(/[\r\n]/g, '');
        expect(glue(records.map(([, record]) => record))).toBe(glue(lines));
      }),
      { numRuns: 1_000 },
    );
  });
});
