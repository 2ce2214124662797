import { isUtf8 } from 'node:buffer';
import { readJsonLine, readPlainLine, type EventLimits } from '@event-analytics/event-schema';
import type { WritableEvent } from '@event-analytics/timescale';

import type { RejectedRow } from '../load/rejected-row.js';
import type { JudgedChunk } from './chunk.js';
import type { ReadSettings } from './read-settings.js';
import { createRecordJudge, isEventAsSent } from './record-events.js';
import { isProblem, problemOf, type RowVerdict } from './row-verdict.js';
import { ROWS_MAX, type TakenRows, type TextRows } from './text-rows.js';

const LF = 0x0a;
const CR = 0x0d;
const JSON_BLANK = /^[ \t\r]*$/;
/** Of whole lines, in which properties may lie deeper than in an event. */
const LEVELS_MORE = 8;

/** What a line of JSON is. */
export type JudgeLine = (bytes: Uint8Array, nowMs: number) => RowVerdict;

/** `fast` false: by the schema alone; both must judge alike. */
export function createLineJudge(
  settings: ReadSettings,
  { limits, fast }: { limits: EventLimits; fast: boolean },
): JudgeLine {
  const judge = createRecordJudge(settings, limits);
  const mayBePlain = fast && isEventAsSent(settings);
  return (bytes, nowMs) => {
    if (!isUtf8(bytes)) return { code: 'invalid_utf8', message: 'the row is not valid UTF-8' };
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    const plain = mayBePlain ? readPlainLine(text, limits, nowMs) : undefined;
    if (plain !== undefined) return plain;
    const json = readJsonLine(text, limits.maxPropertiesDepth + LEVELS_MORE);
    return json.ok ? judge(json.value, nowMs, json.changed) : problemOf([json.problem]);
  };
}

export interface JsonRowsOptions {
  judgeLine: JudgeLine;
  clock: () => number;
  maxRowBytes: number;
}

/** One JSON object a line (LF or CRLF); blank lines are passed over. */
export function createJsonRows({ judgeLine, clock, maxRowBytes }: JsonRowsOptions): TextRows {
  return { take };

  function take(
    text: Uint8Array,
    { target, isLast, firstLine }: Parameters<TextRows['take']>[1],
  ): TakenRows | undefined {
    /** Where its lines end, each behind its LF. */
    const ends: number[] = [];
    let at = 0;
    let lineGoesOn = false;
    /** It ends its chunk, as its own end may be far away. */
    let isTooLarge = false;
    const isFull = (): boolean => isTooLarge || at >= target || ends.length >= ROWS_MAX;
    while (!isFull() && at < text.length) {
      const newline = text.indexOf(LF, at);
      const contentEnd = newline === -1 ? text.length : newline;
      isTooLarge = contentEnd - at > maxRowBytes;
      if (newline === -1 && !isLast && !isTooLarge) return undefined;
      lineGoesOn = isTooLarge && newline === -1 && !isLast;
      at = newline === -1 ? text.length : newline + 1;
      ends.push(at);
    }
    if (!isFull() && !isLast) return undefined;
    const chunk = text.subarray(0, at);
    const judge = () => Promise.resolve(judgeLines(chunk, ends, firstLine, isTooLarge));
    return { end: at, lines: ends.length, lineGoesOn, judge };
  }

  function judgeLines(
    chunk: Uint8Array,
    ends: number[],
    firstLine: number,
    isLastTooLarge: boolean,
  ): JudgedChunk {
    const nowMs = clock();
    const events: WritableEvent[] = [];
    const lines: number[] = [];
    const rejected: RejectedRow[] = [];
    for (let i = 0; i < ends.length; i += 1) {
      const line = firstLine + i;
      const bytes = contentOf(chunk, ends, i);
      if (isLastTooLarge && i === ends.length - 1) {
        const message = `a row may have ${maxRowBytes} bytes; only that many are kept of this one`;
        rejected.push({ line, bytes: bytes.subarray(0, maxRowBytes), code: 'record_too_large', message });
      } else if (!isBlank(bytes)) {
        const verdict = judgeLine(bytes, nowMs);
        if (isProblem(verdict)) rejected.push({ line, bytes, ...verdict });
        else {
          events.push(verdict);
          lines.push(line);
        }
      }
    }
    const rowOf = (index: number) => {
      const line = lines[index] as number;
      return { line, bytes: contentOf(chunk, ends, line - firstLine) };
    };
    return { events, rejected, rowOf };
  }
}

/** A line without its ending. */
function contentOf(chunk: Uint8Array, ends: readonly number[], index: number): Uint8Array {
  const start = index === 0 ? 0 : (ends[index - 1] as number);
  let end = ends[index] as number;
  if (end > start && chunk[end - 1] === LF) end -= 1;
  if (end > start && chunk[end - 1] === CR) end -= 1;
  return chunk.subarray(start, end);
}

/** Nothing but JSON's blanks. */
function isBlank(bytes: Uint8Array): boolean {
  if ((bytes[0] ?? 0) > 0x20) return false;
  return JSON_BLANK.test(Buffer.from(bytes).toString('latin1'));
}
