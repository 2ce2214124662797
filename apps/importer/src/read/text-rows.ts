import type { JudgedChunk } from './chunk.js';

/** What a chunk may hold: rows of two bytes would take a hundred times their size of memory. */
export const ROWS_MAX = 20_000;

/** How the rows of a text format are told apart and judged. */
export interface TextRows {
  /**
   * Takes rows from the beginning of the text, up to the first that ends at or behind `target`, ROWS_MAX of them: which
   * that is does not depend on how much of the text is at hand. Undefined where more of it must be known; never of the last of it.
   */
  take(text: Uint8Array, o: { target: number; isLast: boolean; firstLine: number }): TakenRows | undefined;
}

export interface TakenRows {
  /** Behind the last row, with its line ending. */
  end: number;
  lines: number;
  /** The last row goes on behind the text: what is left of its line is to be passed over. */
  lineGoesOn: boolean;
  /** To be called once. */
  judge: () => Promise<JudgedChunk>;
}
