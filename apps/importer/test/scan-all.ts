import { scanRecord, type ScannedRecord } from '../src/read/scan-record.js';

/** The records of a whole text, without blank lines. */
export function scanAll(bytes: Uint8Array, maxRowBytes: number): ScannedRecord[] {
  const records: ScannedRecord[] = [];
  let line = 1;
  for (let at = 0; at < bytes.length;) {
    const bounds = scanRecord(bytes, at, { isLast: true, maxRowBytes });
    if (bounds === undefined) throw new Error('the end of the text is known');
    const { contentEnd, end, lines, irregular, problem } = bounds;
    const record = { line, bytes: bytes.subarray(at, contentEnd), irregular, ...(problem && { problem }) };
    if (contentEnd > at) records.push(record);
    line += lines;
    at = end;
  }
  return records;
}
