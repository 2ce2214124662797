import type { RejectedRow } from '../load/rejected-row.js';
import { judgeCarefully, type CarefulRows } from './careful-rows.js';
import type { JudgedChunk } from './chunk.js';
import type { JudgeCells } from './csv-events.js';
import type { JudgeLine } from './json-rows.js';
import { parseRecords } from './parse-records.js';
import { isProblem } from './row-verdict.js';
import { scanRecord, type ScannedRecord } from './scan-record.js';
import { ROWS_MAX, type TakenRows, type TextRows } from './text-rows.js';

/** How a reject file begins: see load/reject-file.ts. */
const REJECT_HEADER = /^(?:\xef\xbb\xbf)?"?line"?,"?code"?,"?message"?,"?row"?(?=[\r\n]|$)/;
/** The row of a reject file that holds the header of the input. */
export const HEADER_CODE = 'header';

export function isRejectHeader(head: Uint8Array): boolean {
  return REJECT_HEADER.test(Buffer.from(head.subarray(0, 64)).toString('latin1'));
}

/** A row of another input, on the line of the reject file that it stands on. */
export interface InnerRow {
  line: number;
  code: string;
  bytes: Uint8Array;
}

/** The rows of an input that stand in a reject file. Those are byte for byte what they were, so they need not be UTF-8. */
export async function innerRows(
  records: readonly ScannedRecord[],
): Promise<{ inner: InnerRow[]; refused: RejectedRow[] }> {
  const asText = records.map((record) => ({
    ...record,
    bytes: Buffer.from(Buffer.from(record.bytes).toString('latin1'), 'utf8'),
  }));
  const bytesOf = new Map(records.map(({ line, bytes }) => [line, bytes]));
  const own = (line: number): Uint8Array => bytesOf.get(line) ?? new Uint8Array(0);
  const { parsed, refused } = await parseRecords(asText);
  const rows: { inner: InnerRow[]; refused: RejectedRow[] } = {
    inner: [],
    refused: refused.map((row) => ({ ...row, bytes: own(row.line) })),
  };
  for (const { line, fields } of parsed) {
    const [, code, , row, ...more] = fields;
    if (code === undefined || row === undefined || more.length > 0) {
      const message = `4 fields expected, as a reject file has, but the row has ${fields.length}`;
      rows.refused.push({ line, bytes: own(line), code: 'wrong_column_count', message });
    } else {
      rows.inner.push({ line, code, bytes: Buffer.from(row, 'latin1') });
    }
  }
  return rows;
}

/** What the rows of an input are that is CSV. */
export function csvRowsJudge(o: {
  columnCount: number;
  judgeCells: JudgeCells;
  maxRowBytes: number;
}): JudgeInnerRows {
  return async (rows, nowMs) => {
    const rejected: RejectedRow[] = [];
    const records = rows.flatMap(({ line, bytes }) => {
      const bounds = scanRecord(bytes, 0, { isLast: true, maxRowBytes: o.maxRowBytes });
      if (bounds !== undefined && (bounds.end === bytes.length || bounds.problem)) {
        const { irregular, problem } = bounds;
        return [{ line, bytes, irregular, ...(problem && { problem }) }];
      }
      const message = 'the cell named row holds more than one row: give each a line of its own';
      rejected.push({ line, bytes, code: 'invalid_csv', message });
      return [];
    });
    const judged = await judgeCarefully(records, { ...o, nowMs });
    return { events: judged.events, rejected: [...rejected, ...judged.rejected] };
  };
}

/** What the rows of an input are that is NDJSON. */
export function jsonRowsJudge(judgeLine: JudgeLine): JudgeInnerRows {
  return (rows, nowMs) => {
    const judged: CarefulRows = { events: [], rejected: [] };
    for (const { line, bytes } of rows) {
      const verdict = judgeLine(bytes, nowMs);
      if (isProblem(verdict)) judged.rejected.push({ line, bytes, ...verdict });
      else judged.events.push({ line, bytes, event: verdict });
    }
    return Promise.resolve(judged);
  };
}

export type JudgeInnerRows = (rows: InnerRow[], nowMs: number) => Promise<CarefulRows>;

/** The rows of a reject file: each holds one of the input that it is of, mended or not. */
export function createRejectRows(o: {
  judgeRows: JudgeInnerRows;
  clock: () => number;
  maxRowBytes: number;
}): TextRows {
  /** A row that was as large as may be is larger here, where its quotes are doubled. */
  const maxRowBytes = 2 * o.maxRowBytes + 4_096;
  return { take };

  function take(
    text: Uint8Array,
    { target, isLast, firstLine }: Parameters<TextRows['take']>[1],
  ): TakenRows | undefined {
    const records: ScannedRecord[] = [];
    let at = 0;
    let line = firstLine;
    let lineGoesOn = false;
    let isCut = false;
    const isFull = (): boolean => isCut || at >= target || records.length >= ROWS_MAX;
    while (!isFull() && at < text.length) {
      const bounds = scanRecord(text, at, { isLast, maxRowBytes });
      if (bounds === undefined) return undefined;
      const { contentEnd, end, lines, irregular, problem } = bounds;
      const bytes = text.subarray(at, contentEnd);
      if (contentEnd > at) records.push({ line, bytes, irregular, ...(problem && { problem }) });
      at = end;
      line += lines;
      lineGoesOn = bounds.lineGoesOn ?? false;
      isCut = problem?.code === 'record_too_large';
    }
    if (!isFull() && !isLast) return undefined;
    return { end: at, lines: line - firstLine, lineGoesOn, judge: () => judge(records) };
  }

  async function judge(records: ScannedRecord[]): Promise<JudgedChunk> {
    const { inner, refused } = await innerRows(records);
    const rows = inner.filter(({ code }) => code !== HEADER_CODE);
    const { events, rejected } = await o.judgeRows(rows, o.clock());
    return {
      events: events.map(({ event }) => event),
      rejected: [...refused, ...rejected].sort((a, b) => a.line - b.line),
      rowOf: (index) => {
        const { line, bytes } = events[index] as CarefulRows['events'][number];
        return { line, bytes };
      },
    };
  }
}
