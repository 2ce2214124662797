import type { WritableEvent } from '@event-analytics/timescale';

import type { RejectedRow } from '../load/rejected-row.js';
import type { JudgeCells } from './csv-events.js';
import { parseRecords } from './parse-records.js';
import { isProblem, type RowProblem } from './row-verdict.js';
import type { ScannedRecord } from './scan-record.js';

export interface CarefulRows {
  events: { line: number; bytes: Uint8Array; event: WritableEvent }[];
  rejected: RejectedRow[];
}

/** Judges records of CSV that fast-csv splits: it tells what is wrong with one that is none. */
export async function judgeCarefully(
  records: ScannedRecord[],
  { columnCount, judgeCells, nowMs }: { columnCount: number; judgeCells: JudgeCells; nowMs: number },
): Promise<CarefulRows> {
  const { parsed, refused } = await parseRecords(records);
  const judged: CarefulRows = { events: [], rejected: refused };
  for (const { line, bytes, fields } of parsed) {
    const verdict =
      fields.length === columnCount
        ? judgeCells((column) => fields[column] ?? '', nowMs)
        : wrongColumnCount(columnCount, fields.length);
    if (isProblem(verdict)) judged.rejected.push({ line, bytes, ...verdict });
    else judged.events.push({ line, bytes, event: verdict });
  }
  return judged;
}

function wrongColumnCount(expected: number, found: number): RowProblem {
  const message = `${expected} fields expected, as the header has, but the row has ${found}`;
  return { code: 'wrong_column_count', message };
}
