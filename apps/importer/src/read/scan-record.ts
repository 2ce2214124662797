/**
 * Where one record of a CSV text ends, without a look at what its fields are (RFC 4180: a newline inside quotes does
 * not end it). A quote opens only at the start of a field. LF, CRLF and CR each end a record. All separators are ASCII, so
 * the bytes of UTF-8 need not be decoded, and what is not UTF-8 at all can still be cut, counted and handed back.
 */
export interface RecordBounds {
  /** Without the line ending; `start` itself for a blank line. */
  contentEnd: number;
  /** Where the next record begins. */
  end: number;
  /** Line endings passed over. */
  lines: number;
  /** Spelled in a way that parsers read differently (a quote after spaces, text after a closing quote). */
  irregular: boolean;
  /** Set when these bytes cannot be a record at all. */
  problem?: { code: ScanProblemCode; message: string };
  /** The line goes on behind the bytes at hand: what is left of it is to be passed over. */
  lineGoesOn?: true;
}

/** A record that was cut out. */
export interface ScannedRecord extends Pick<RecordBounds, 'irregular' | 'problem'> {
  /** Line of the text on which it begins, from 1. */
  line: number;
  /** Without its line ending. */
  bytes: Uint8Array;
}

export type ScanProblemCode = 'unclosed_quote' | 'record_too_large';

export interface ScanOptions {
  /** No text follows. */
  isLast: boolean;
  /** A quote that is never closed must not swallow the file. */
  maxRowBytes: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

type State =
  | 'field_start'
  | 'unquoted'
  | 'quoted'
  /** After a quote inside quotes: it closed the field, or it is the first of a doubled one. */
  | 'quote_in_quoted'
  /** After blanks that follow a closing quote. */
  | 'after_quoted'
  /** After text that follows a closing quote: quotes mean nothing any more until the line ends. */
  | 'broken';

/**
 * The record that begins at `start`. Undefined where the text must be known further to tell: never more than
 * `maxRowBytes` and two. Of a record whose quote is not closed only the first line is taken, for the next ones may be
 * good.
 */
export function scanRecord(
  bytes: Uint8Array,
  start: number,
  { isLast, maxRowBytes }: ScanOptions,
): RecordBounds | undefined {
  let state: State = 'field_start';
  let irregular = false;
  let fieldHasText = false;
  let lineBreaks = 0;

  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === LF && at > start && bytes[at - 1] === CR) continue;
    const endsLine = byte === LF || byte === CR;

    if (endsLine && state !== 'quoted') {
      const end = lineEndAfter(bytes, at, isLast);
      return end === undefined ? undefined : { contentEnd: at, end, lines: lineBreaks + 1, irregular };
    }
    if (at - start >= maxRowBytes) {
      return lineBreaks > 0
        ? firstLineOf(bytes, start, `the quote opened here is not closed within ${maxRowBytes} bytes`)
        : overlongLine(bytes, start, { isLast, maxRowBytes });
    }
    if (state === 'quoted') {
      if (byte === QUOTE) state = 'quote_in_quoted';
      else if (endsLine) lineBreaks += 1;
    } else if (byte === COMMA && state !== 'broken') {
      state = 'field_start';
    } else if (state === 'field_start') {
      state = byte === QUOTE ? 'quoted' : 'unquoted';
      fieldHasText = isVisibleAscii(byte);
    } else if (state === 'unquoted') {
      // Some parsers ignore spaces before a quote and would see a quoted field here.
      if (byte === QUOTE && !fieldHasText) irregular = true;
      fieldHasText ||= isVisibleAscii(byte);
    } else if (state === 'quote_in_quoted' && byte === QUOTE) {
      state = 'quoted';
    } else if (state === 'quote_in_quoted' || state === 'after_quoted') {
      irregular = true;
      if (byte === SPACE || byte === TAB) {
        state = 'after_quoted';
      } else if (lineBreaks > 0) {
        // This quote did not close the field: it opens one of a later row.
        return firstLineOf(bytes, start, 'the quote opened here is not closed before the next row');
      } else {
        state = 'broken';
      }
    }
  }
  if (!isLast) return undefined;
  if (state === 'quoted') return firstLineOf(bytes, start, 'the quote opened here is never closed');
  return { contentEnd: bytes.length, end: bytes.length, lines: lineBreaks + 1, irregular };
}

/** Behind the line ending at `at`; undefined where an LF may still belong to it. */
function lineEndAfter(bytes: Uint8Array, at: number, isLast: boolean): number | undefined {
  if (bytes[at] !== CR) return at + 1;
  if (at + 1 === bytes.length && !isLast) return undefined;
  return bytes[at + 1] === LF ? at + 2 : at + 1;
}

function firstLineOf(bytes: Uint8Array, start: number, message: string): RecordBounds {
  const contentEnd = endOfLine(bytes, start);
  const end =
    contentEnd === bytes.length ? contentEnd : (lineEndAfter(bytes, contentEnd, true) ?? contentEnd);
  return { contentEnd, end, lines: 1, irregular: true, problem: { code: 'unclosed_quote', message } };
}

/** A line too long by itself: its beginning is kept, the rest of it passed over. */
function overlongLine(bytes: Uint8Array, start: number, { isLast, maxRowBytes }: ScanOptions): RecordBounds {
  const lineEnd = endOfLine(bytes, start + maxRowBytes);
  const end = lineEnd === bytes.length ? undefined : lineEndAfter(bytes, lineEnd, isLast);
  return {
    contentEnd: start + maxRowBytes,
    end: end ?? lineEnd,
    lines: 1,
    irregular: true,
    problem: {
      code: 'record_too_large',
      message: `a row may have ${maxRowBytes} bytes; only that many are kept of this one`,
    },
    ...(end === undefined && !isLast ? { lineGoesOn: true } : {}),
  };
}

function endOfLine(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at += 1) if (bytes[at] === LF || bytes[at] === CR) return at;
  return bytes.length;
}

function isVisibleAscii(byte: number): boolean {
  return byte > SPACE && byte < 0x7f;
}
