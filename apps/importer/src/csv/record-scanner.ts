/**
 * Cuts the bytes of a CSV file into records without interpreting them: it knows where a record ends (RFC 4180:
 * a newline inside quotes does not end it) and on which line of the file it began. What stands in the fields is
 * the parser's business.
 *
 * A quote opens only at the start of a field. Every line ending (LF, CRLF, CR) ends a record; blank lines are
 * skipped. All separators are ASCII, so the bytes of UTF-8 need not be decoded, and what is not UTF-8 at all can
 * still be cut, counted and handed back as it was.
 */
export interface ScannedRecord {
  /** Line of the file on which the record begins, from 1. */
  line: number;
  /** The record without its line ending. */
  bytes: Uint8Array;
  /** Spelled in a way that parsers read differently (a quote after spaces, text after a closing quote). */
  irregular: boolean;
  /** Set when these bytes cannot be a record at all. */
  problem?: { code: ScanProblemCode; message: string };
}

export type ScanProblemCode = 'unclosed_quote' | 'record_too_large';

export interface RecordScanner {
  push(chunk: Uint8Array): ScannedRecord[];
  /** The last record needs no line ending. */
  end(): ScannedRecord[];
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

const NOTHING = new Uint8Array(0);

/**
 * `maxRecordBytes` bounds what one record may hold in memory: a quote that is never closed must not swallow the
 * file. The first line of such a record is reported and scanning resumes on its second line.
 */
export function createRecordScanner(options: { maxRecordBytes: number }): RecordScanner {
  const { maxRecordBytes } = options;

  /** The record in hand begins at 0; `position` is the first byte not yet looked at. */
  let buffer: Uint8Array = NOTHING;
  let position = 0;
  let line = 1;
  let afterCarriageReturn = false;
  /** The rest of a line that was given up for its size is dropped. */
  let skippingLine = false;
  let records: ScannedRecord[] = [];

  // Of the record in hand:
  let state: State = 'field_start';
  let irregular = false;
  let fieldHasText = false;
  let lineBreaks = 0;

  return { push, end };

  function push(chunk: Uint8Array): ScannedRecord[] {
    buffer = buffer.length === 0 ? chunk : joined(buffer, chunk);
    scan();
    return takeRecords();
  }

  function end(): ScannedRecord[] {
    while (buffer.length > 0) {
      if (state === 'quoted') giveUpFirstLine('the quote opened here is never closed');
      else endRecord(buffer.length, buffer.length);
      scan();
    }
    return takeRecords();
  }

  function takeRecords(): ScannedRecord[] {
    const taken = records;
    records = [];
    return taken;
  }

  function scan(): void {
    while ((!skippingLine || skipLine()) && scanRecord());
  }

  /** Looks for the end of the record in hand; false when the buffer ends before it. */
  function scanRecord(): boolean {
    const bytes = buffer;
    for (let at = position; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === LF && afterCarriageReturn) {
        // The second half of a CRLF, which was counted with its first.
        afterCarriageReturn = false;
        if (at === 0) {
          startRecord(1);
          return true;
        }
        continue;
      }
      afterCarriageReturn = byte === CR;
      const endsLine = byte === LF || byte === CR;

      if (endsLine && state !== 'quoted') {
        endRecord(at, at + 1);
        return true;
      }
      if (at >= maxRecordBytes) {
        afterCarriageReturn = false;
        if (lineBreaks > 0) {
          giveUpFirstLine(`the quote opened here is not closed within ${maxRecordBytes} bytes`);
        } else {
          giveUpWholeLine();
        }
        return true;
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
          // This quote did not close the field: it opens one of a later row. The missing quote is on the
          // first line, and the lines after it may be good.
          giveUpFirstLine('the quote opened here is not closed before the next row');
          return true;
        } else {
          state = 'broken';
        }
      }
    }
    position = bytes.length;
    return false;
  }

  function endRecord(contentEnd: number, next: number): void {
    if (contentEnd > 0) records.push({ line, bytes: buffer.subarray(0, contentEnd), irregular });
    line += lineBreaks + 1;
    startRecord(next);
  }

  /** Reports the first line of the record in hand and goes on with its second. */
  function giveUpFirstLine(message: string): void {
    const lineEnd = buffer.findIndex((byte) => byte === LF || byte === CR);
    const contentEnd = lineEnd === -1 ? buffer.length : lineEnd;
    records.push({
      line,
      bytes: buffer.subarray(0, contentEnd),
      irregular: true,
      problem: { code: 'unclosed_quote', message },
    });
    line += 1;
    afterCarriageReturn = buffer[contentEnd] === CR;
    startRecord(Math.min(contentEnd + 1, buffer.length));
  }

  /** A line too long by itself: its beginning is reported, the rest of it skipped. */
  function giveUpWholeLine(): void {
    records.push({
      line,
      bytes: buffer.subarray(0, maxRecordBytes),
      irregular: true,
      problem: {
        code: 'record_too_large',
        message: `a row may have ${maxRecordBytes} bytes; only that many are kept of this one`,
      },
    });
    skippingLine = true;
    startRecord(maxRecordBytes);
  }

  function skipLine(): boolean {
    const lineEnd = buffer.findIndex((byte) => byte === LF || byte === CR);
    if (lineEnd === -1) {
      startRecord(buffer.length);
      return false;
    }
    skippingLine = false;
    line += 1;
    afterCarriageReturn = buffer[lineEnd] === CR;
    startRecord(lineEnd + 1);
    return true;
  }

  function startRecord(at: number): void {
    buffer = at === buffer.length ? NOTHING : buffer.subarray(at);
    position = 0;
    state = 'field_start';
    irregular = false;
    fieldHasText = false;
    lineBreaks = 0;
  }
}

function isVisibleAscii(byte: number): boolean {
  return byte > SPACE && byte < 0x7f;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
