/**
 * Splits ordinary CSV rows into their fields, byte by byte in one pass: quoted as RFC 4180 has it or not at all, each
 * with the number of columns that the header has. What is spelled in any other way is scanRecord's and the parser's.
 *
 * The fields of all rows are laid down one behind the other, unquoted, so that one text can be made of them all: to cut
 * a field out of it costs next to nothing.
 */
export interface RowTokenizer {
  /** Forgets the rows so far, and whose bytes they were of. */
  begin(bytes: Uint8Array): void;
  /**
   * Takes rows from `from`, which is on `line`, until one ends at or behind `target`, or does not end, or is out of the
   * ordinary, or there are `rowsMax`. Returns where it stopped: at the beginning of a row.
   */
  take(
    from: number,
    line: number,
    o: { target: number; rowsMax: number },
  ): { at: number; line: number; count: number };
  /** To be asked when all rows are taken. */
  rows(): TokenizedRows;
}

export interface TokenizedRows {
  count: number;
  startOf(row: number): number;
  lineOf(row: number): number;
  /** Does it hold bytes that are not ASCII? */
  isWide(row: number): boolean;
  /** The text of a field; of a wide row, where its bytes are known to be UTF-8. */
  field(row: number, column: number): string;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;
const WIDE = 0x80;
const NOT_ASCII = /[\x80-\xff]/;
const NOTHING = Buffer.alloc(0);

export function createRowTokenizer(o: { columns: number; maxRowBytes: number }): RowTokenizer {
  const { columns, maxRowBytes } = o;
  let text: Uint8Array = NOTHING;
  let unquoted = NOTHING;
  /** Where the fields end in `unquoted`: those of the first row, of the second… */
  let ends = new Int32Array(0);
  let starts = new Int32Array(0);
  let lines = new Int32Array(0);
  let wide = new Uint8Array(0);
  let rowCount = 0;

  return { begin, take, rows };

  function begin(bytes: Uint8Array): void {
    text = bytes;
    rowCount = 0;
    if (unquoted.length >= text.length) return;
    // A field takes a byte at least, that behind it.
    const rowsMax = Math.ceil(text.length / columns);
    unquoted = Buffer.allocUnsafe(text.length);
    ends = new Int32Array(text.length);
    starts = new Int32Array(rowsMax);
    lines = new Int32Array(rowsMax);
    wide = new Uint8Array(rowsMax);
  }

  function take(
    from: number,
    fromLine: number,
    { target, rowsMax }: Parameters<RowTokenizer['take']>[2],
  ): ReturnType<RowTokenizer['take']> {
    // The loop below is what an import spends most of its time in: it goes by constants.
    const bytes = text;
    const fields = unquoted;
    const fieldEnds = ends;
    const limit = bytes.length;
    let at = from;
    let line = fromLine;
    let to = rowCount === 0 ? 0 : (fieldEnds[rowCount * columns - 1] as number);
    let next = rowCount * columns;

    while (at < limit && at < target && rowCount < rowsMax) {
      if (bytes[at] === LF) {
        at += 1;
        line += 1;
        continue;
      }
      const start = at;
      const rowLimit = Math.min(limit, start + maxRowBytes + 1);
      let seen = 0;
      let lineBreaks = 0;
      const lastField = next + columns - 1;
      for (let field = next; ; field += 1) {
        let byte = bytes[at] as number;
        if (byte === QUOTE) {
          at += 1;
          for (;;) {
            if (at >= rowLimit) return { at: start, line, count: rowCount };
            byte = bytes[at] as number;
            at += 1;
            if (byte === QUOTE) {
              if (bytes[at] !== QUOTE) break;
              at += 1;
            } else if (byte === LF) {
              lineBreaks += 1;
            } else if (byte === CR) {
              return { at: start, line, count: rowCount };
            }
            fields[to++] = byte;
            seen |= byte;
          }
          if (at >= rowLimit) return { at: start, line, count: rowCount };
          byte = bytes[at] as number;
        } else {
          while (byte > COMMA || (byte !== COMMA && byte !== LF && byte !== CR && byte !== QUOTE)) {
            fields[to++] = byte;
            seen |= byte;
            at += 1;
            if (at >= rowLimit) return { at: start, line, count: rowCount };
            byte = bytes[at] as number;
          }
        }
        fieldEnds[field] = to;
        if (byte === COMMA && field !== lastField) {
          at += 1;
          if (at >= rowLimit) return { at: start, line, count: rowCount };
          continue;
        }
        if (field !== lastField) return { at: start, line, count: rowCount };
        if (byte === CR && bytes[at + 1] === LF) at += 2;
        else if (byte === LF) at += 1;
        else return { at: start, line, count: rowCount };
        break;
      }
      starts[rowCount] = start;
      lines[rowCount] = line;
      wide[rowCount] = seen & WIDE;
      rowCount += 1;
      next += columns;
      line += lineBreaks + 1;
    }
    return { at, line, count: rowCount };
  }

  function rows(): TokenizedRows {
    const end = rowCount === 0 ? 0 : (ends[rowCount * columns - 1] as number);
    const joined = unquoted.toString('latin1', 0, end);
    return {
      count: rowCount,
      startOf: (row) => starts[row] as number,
      lineOf: (row) => lines[row] as number,
      isWide: (row) => wide[row] !== 0,
      field: (row, column) => {
        const index = row * columns + column;
        const start = index === 0 ? 0 : (ends[index - 1] as number);
        const fieldEnd = ends[index] as number;
        const field = joined.slice(start, fieldEnd);
        return wide[row] !== 0 && NOT_ASCII.test(field) ? unquoted.toString('utf8', start, fieldEnd) : field;
      },
    };
  }
}
