import { isUtf8 } from 'node:buffer';

import { HeaderError } from './csv-columns.js';
import { parseRecords } from './parse-records.js';
import { scanRecord, type ScannedRecord } from './scan-record.js';
import type { TextReader } from './text-reader.js';

/** The next record of a text that is no blank line, which then is behind it; undefined at the end of the text. */
export async function nextRecord(
  text: TextReader,
  { line, maxRowBytes }: { line: number; maxRowBytes: number },
): Promise<{ record: ScannedRecord; nextLine: number } | undefined> {
  let nextLine = line;
  for (let wanted = 1; ;) {
    const bytes = await text.atHand(wanted);
    if (bytes.length === 0) return undefined;
    const bounds = scanRecord(bytes, 0, { isLast: text.isLast(), maxRowBytes });
    if (bounds === undefined) {
      wanted = bytes.length + 1;
      continue;
    }
    const { contentEnd, end, lines, irregular, problem } = bounds;
    text.advance(end);
    wanted = 1;
    const content = bytes.subarray(0, contentEnd);
    const record = { line: nextLine, bytes: content, irregular, ...(problem && { problem }) };
    nextLine += lines;
    if (contentEnd > 0) return { record, nextLine };
  }
}

/** The names of the columns. @throws HeaderError */
export async function headerNames(record: ScannedRecord): Promise<string[]> {
  const { parsed, refused } = await parseRecords([record]);
  if (record.bytes.includes(0) || !isUtf8(record.bytes)) {
    throw new HeaderError('no header: the input begins with what is no UTF-8 text');
  }
  if (!parsed[0]) throw new HeaderError(`the header is no CSV row: ${refused[0]?.message ?? 'it is empty'}`);
  return parsed[0].fields;
}
