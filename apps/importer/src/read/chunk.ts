import type { WritableEvent } from '@event-analytics/timescale';

import type { RejectedRow } from '../load/rejected-row.js';

/** A stretch of an input, cut at row ends; the same whenever the same text is read with the same settings. */
export interface Chunk {
  /** Bytes of the text (decompressed, without its byte order mark); rows where the input is no text. */
  start: number;
  end: number;
  /** From 1; where the input is no text, the row. */
  firstLine: number;
  lines: number;
  /** Hex SHA-256 of what stands there. */
  digest: string;
  /** What its rows are. May be called once, or not at all. */
  judge(): Promise<JudgedChunk>;
}

/** Both lists in the order of the input. */
export interface JudgedChunk {
  events: WritableEvent[];
  rejected: RejectedRow[];
  /** The row an event came from, for one that the database refuses. */
  rowOf(index: number): { line: number; bytes: Uint8Array };
}
