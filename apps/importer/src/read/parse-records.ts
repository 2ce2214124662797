import { parseString } from 'fast-csv';

import type { ScannedRecord } from './scan-record.js';

export interface ParsedRecord {
  line: number;
  bytes: Uint8Array;
  fields: string[];
}

export interface RefusedRecord {
  line: number;
  bytes: Uint8Array;
  code: 'invalid_csv' | 'invalid_utf8' | 'unclosed_quote' | 'record_too_large';
  message: string;
}

/** Both lists in the order of the file. */
export interface ParsedRecords {
  parsed: ParsedRecord[];
  refused: RefusedRecord[];
}

/**
 * Splits complete records into fields. Regular records are parsed together; if the parser refuses them, or sees
 * another number of rows than the scanner did, each is tried alone, so that one bad row costs no other.
 */
export async function parseRecords(records: ScannedRecord[]): Promise<ParsedRecords> {
  const result: ParsedRecords = { parsed: [], refused: [] };
  const regular = records.filter((record) => !record.irregular && !record.problem);
  const together = await parseTogether(regular);
  let next = 0;
  for (const record of records) {
    const { line, bytes } = record;
    const isRegular = !record.irregular && !record.problem;
    if (record.problem) {
      result.refused.push({ line, bytes, ...record.problem });
    } else if (isRegular && together) {
      result.parsed.push({ line, bytes, fields: withFirstField(bytes, together[next++] as string[]) });
    } else {
      const alone = await parseAlone(record);
      if ('fields' in alone) result.parsed.push(alone);
      else result.refused.push(alone);
    }
  }
  return result;
}

const QUOTE = 0x22;
const COMMA = 0x2c;

/** The parser loses a first field that is nothing but blanks. */
function withFirstField(bytes: Uint8Array, fields: string[]): string[] {
  if (fields[0] !== '' || bytes[0] === COMMA || bytes[0] === QUOTE) return fields;
  const first = Buffer.from(bytes).toString('utf8', 0, bytes.indexOf(COMMA));
  return [first, ...fields.slice(1)];
}

async function parseTogether(records: ScannedRecord[]): Promise<string[][] | undefined> {
  if (records.length === 0) return [];
  const text = decode(records);
  if (text === undefined) return undefined;
  const rows = await parseText(text).catch(() => undefined);
  return rows?.length === records.length ? rows : undefined;
}

async function parseAlone(record: ScannedRecord): Promise<ParsedRecord | RefusedRecord> {
  const { line, bytes } = record;
  const text = decode([record]);
  if (text === undefined) {
    return { line, bytes, code: 'invalid_utf8', message: 'the row is not valid UTF-8' };
  }
  try {
    const [fields, ...more] = await parseText(text);
    if (fields && more.length === 0) {
      return { line, bytes, fields: record.irregular ? fields : withFirstField(bytes, fields) };
    }
    return { line, bytes, code: 'invalid_csv', message: 'quotes of this row are not balanced' };
  } catch {
    return {
      line,
      bytes,
      code: 'invalid_csv',
      message: 'text follows a closing quote, or a quote is not closed',
    };
  }
}

const NEWLINE = Uint8Array.of(0x0a);

function decode(records: ScannedRecord[]): string | undefined {
  const bytes = Buffer.concat(records.flatMap((record) => [record.bytes, NEWLINE]));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The parser strips a BOM from its beginning: one more row in front keeps it from stripping data. */
const FIRST_ROW = '-\n';

async function parseText(text: string): Promise<string[][]> {
  const rows: string[][] = [];
  const stream = parseString<string[], string[]>(FIRST_ROW + text, { headers: false });
  for await (const row of stream) rows.push(row as string[]);
  return rows.slice(1);
}
