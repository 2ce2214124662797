import { isUtf8 } from 'node:buffer';
import type { WritableEvent } from '@event-analytics/timescale';

import type { RejectedRow } from '../load/rejected-row.js';
import { judgeCarefully } from './careful-rows.js';
import type { JudgedChunk } from './chunk.js';
import type { JudgeCells } from './csv-events.js';
import { createRowTokenizer, type TokenizedRows } from './row-tokenizer.js';
import { isProblem } from './row-verdict.js';
import { scanRecord, type ScannedRecord } from './scan-record.js';
import { ROWS_MAX, type TakenRows, type TextRows } from './text-rows.js';

export interface CsvRowsOptions {
  columnCount: number;
  judgeCells: JudgeCells;
  clock: () => number;
  maxRowBytes: number;
  /** False: every row goes the careful way. */
  fast: boolean;
}

/** A record and where it begins. */
interface PlacedRecord {
  start: number;
  record: ScannedRecord;
}

interface JudgedRows {
  events: WritableEvent[];
  /** Of the rows of these events. */
  starts: number[];
  lines: number[];
  rejected: RejectedRow[];
  nowMs: number;
}

/**
 * Rows of CSV. Ordinary ones are split and checked by the quickest means there are; what is out of the ordinary in any
 * way goes to fast-csv and to the schema, which tell what is wrong with it, if anything is.
 */
export function createCsvRows(options: CsvRowsOptions): TextRows {
  const { columnCount, judgeCells, maxRowBytes, fast } = options;
  const tokenizer = createRowTokenizer({ columns: columnCount, maxRowBytes });

  return { take };

  function take(
    text: Uint8Array,
    { target, isLast, firstLine }: Parameters<TextRows['take']>[1],
  ): TakenRows | undefined {
    const careful: PlacedRecord[] = [];
    let at = 0;
    let line = firstLine;
    let lineGoesOn = false;
    let isCut = false;
    let count = 0;
    const isFull = (): boolean => at >= target || count + careful.length >= ROWS_MAX;
    tokenizer.begin(text);
    while (!isFull() && at < text.length) {
      const rowsMax = ROWS_MAX - careful.length;
      if (fast) ({ at, line, count } = tokenizer.take(at, line, { target, rowsMax }));
      if (isFull() || at === text.length) break;
      const bounds = scanRecord(text, at, { isLast, maxRowBytes });
      if (bounds === undefined) return undefined;
      const { contentEnd, end, lines, irregular, problem } = bounds;
      if (contentEnd > at) {
        const bytes = text.subarray(at, contentEnd);
        careful.push({ start: at, record: { line, bytes, irregular, ...(problem && { problem }) } });
      }
      at = end;
      line += lines;
      // Where its line ends may be far away. So that a chunk is the same however much of it was at hand, it ends there.
      isCut = problem?.code === 'record_too_large';
      lineGoesOn = bounds.lineGoesOn ?? false;
      if (isCut) break;
    }
    if (!isFull() && !isCut && !isLast) return undefined;

    const chunk = text.subarray(0, at);
    // At once, while the fields are at hand: the next rows take their place.
    const judged = judgeRows(chunk, tokenizer.rows(), careful);
    return {
      end: at,
      lines: line - firstLine,
      lineGoesOn,
      judge: () => judgeRest(chunk, judged, careful),
    };
  }

  function judgeRows(chunk: Uint8Array, rows: TokenizedRows, careful: PlacedRecord[]): JudgedRows {
    const nowMs = options.clock();
    const areAllUtf8 = isUtf8(chunk);
    const judged: JudgedRows = { events: [], starts: [], lines: [], rejected: [], nowMs };
    let row = 0;
    const cell = (column: number): string => rows.field(row, column);
    for (; row < rows.count; row += 1) {
      const start = rows.startOf(row);
      const line = rows.lineOf(row);
      if (!areAllUtf8 && rows.isWide(row) && !isUtf8(contentFrom(chunk, start))) {
        careful.push({ start, record: { line, bytes: contentFrom(chunk, start), irregular: false } });
        continue;
      }
      const verdict = judgeCells(cell, nowMs);
      if (isProblem(verdict)) {
        judged.rejected.push({ line, bytes: contentFrom(chunk, start), ...verdict });
      } else {
        judged.events.push(verdict);
        judged.starts.push(start);
        judged.lines.push(line);
      }
    }
    return judged;
  }

  async function judgeRest(
    chunk: Uint8Array,
    judged: JudgedRows,
    careful: PlacedRecord[],
  ): Promise<JudgedChunk> {
    if (careful.length > 0) {
      const records = careful.map(({ record }) => record);
      const { nowMs } = judged;
      const { events, rejected } = await judgeCarefully(records, { columnCount, judgeCells, nowMs });
      const startOf = new Map(careful.map(({ start, record }) => [record.line, start]));
      for (const { line, event } of events) {
        judged.events.push(event);
        judged.lines.push(line);
        judged.starts.push(startOf.get(line) ?? 0);
      }
      for (const row of rejected) judged.rejected.push(row);
      sortByLine(judged);
    }
    const { events, lines, starts, rejected } = judged;
    return {
      events,
      rejected,
      rowOf: (index) => ({
        line: lines[index] as number,
        bytes: contentFrom(chunk, starts[index] as number),
      }),
    };
  }

  function contentFrom(chunk: Uint8Array, start: number): Uint8Array {
    const bounds = scanRecord(chunk, start, { isLast: true, maxRowBytes });
    return chunk.subarray(start, bounds?.contentEnd);
  }
}

/** Rows that went different ways, in their order again: of an event that stands twice the first counts. */
function sortByLine(judged: JudgedRows): void {
  const { events, starts, lines, rejected } = judged;
  rejected.sort((a, b) => a.line - b.line);
  const order = lines.map((_, i) => i).sort((a, b) => (lines[a] as number) - (lines[b] as number));
  judged.events = order.map((i) => events[i] as WritableEvent);
  judged.starts = order.map((i) => starts[i] as number);
  judged.lines = order.map((i) => lines[i] as number);
}
