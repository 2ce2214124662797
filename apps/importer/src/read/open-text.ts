import { createNamedCellJudge, createCellJudge, type JudgeCells } from './csv-events.js';
import { HeaderError, readCsvColumns } from './csv-columns.js';
import { headerNames, nextRecord } from './csv-header.js';
import { createCsvRows } from './csv-rows.js';
import { createJsonRows, createLineJudge } from './json-rows.js';
import { InputError } from './open-input.js';
import { presets } from './presets/index.js';
import type { ReadChunksOptions } from './read-chunks.js';
import type { ReadSettings } from './read-settings.js';
import { createRecordJudge } from './record-events.js';
import {
  createRejectRows,
  csvRowsJudge,
  HEADER_CODE,
  innerRows,
  isRejectHeader,
  jsonRowsJudge,
} from './reject-rows.js';
import type { ScannedRecord } from './scan-record.js';
import type { TextReader } from './text-reader.js';
import type { TextRows } from './text-rows.js';

/** A text whose next byte is that of its first row. */
export interface OpenedText {
  rows: TextRows;
  /** Of CSV, as it stands there. */
  header: Uint8Array | undefined;
  /** That the first row is on. */
  line: number;
  lineEndings: 'lf' | 'lf or cr';
}

/** Enough to tell what a text is. */
const HEAD_BYTES = 1024;

export type OpenTextOptions = Pick<ReadChunksOptions, 'limits' | 'clock' | 'maxRowBytes' | 'fast'>;

/**
 * Reads what stands before the first row. An input that is a reject file of ours holds the rows of another input.
 * @throws HeaderError, InputError
 */
export async function openText(
  text: TextReader,
  settings: ReadSettings,
  options: OpenTextOptions,
): Promise<OpenedText> {
  const { format, preset } = settings;
  if (preset && format !== 'parquet' && !presets[preset].formats.includes(format)) {
    const formats = presets[preset].formats.join(' or ');
    throw new InputError(`is read as ${format}, but --preset ${preset} is for ${formats}: see --format`);
  }
  if (isRejectHeader(await text.atHand(HEAD_BYTES))) return openRejects(text, settings, options);
  return format === 'csv' ? openCsv(text, settings, options) : openJson(text, settings, options);
}

async function openCsv(
  text: TextReader,
  settings: ReadSettings,
  options: OpenTextOptions,
): Promise<OpenedText> {
  const first = await nextRecord(text, { line: 1, maxRowBytes: options.maxRowBytes });
  if (first === undefined) throw new HeaderError('no header: the input is empty');
  const { columnCount, judgeCells } = await cellJudge(first.record, settings, options);
  const { clock, maxRowBytes, fast = true } = options;
  return {
    rows: createCsvRows({ columnCount, judgeCells, clock, maxRowBytes, fast }),
    header: first.record.bytes,
    line: first.nextLine,
    lineEndings: 'lf or cr',
  };
}

async function cellJudge(
  header: ScannedRecord,
  settings: ReadSettings,
  { limits, fast = true }: OpenTextOptions,
): Promise<{ columnCount: number; judgeCells: JudgeCells }> {
  const names = await headerNames(header);
  const judgeCells =
    settings.preset === undefined
      ? createCellJudge(readCsvColumns(names, settings), settings, { limits, fast })
      : createNamedCellJudge(names, createRecordJudge(settings, limits));
  return { columnCount: names.length, judgeCells };
}

const BLANK = /^\s*/;

async function openJson(
  text: TextReader,
  settings: ReadSettings,
  options: OpenTextOptions,
): Promise<OpenedText> {
  const head = Buffer.from(await text.atHand(HEAD_BYTES)).toString('latin1', 0, HEAD_BYTES);
  if (head.replace(BLANK, '').startsWith('[')) {
    throw new InputError("is a JSON array, not one object a line: make lines of it (jq -c '.[]' FILE)");
  }
  const { limits, clock, maxRowBytes, fast = true } = options;
  const judgeLine = createLineJudge(settings, { limits, fast });
  const rows = createJsonRows({ judgeLine, clock, maxRowBytes });
  return { rows, header: undefined, line: 1, lineEndings: 'lf' };
}

async function openRejects(
  text: TextReader,
  settings: ReadSettings,
  options: OpenTextOptions,
): Promise<OpenedText> {
  const { limits, clock, maxRowBytes, fast = true } = options;
  const own = await nextRecord(text, { line: 1, maxRowBytes });
  let line = own?.nextLine ?? 1;
  if (settings.format !== 'csv') {
    const judgeRows = jsonRowsJudge(createLineJudge(settings, { limits, fast }));
    const rows = createRejectRows({ judgeRows, clock, maxRowBytes });
    return { rows, header: undefined, line, lineEndings: 'lf or cr' };
  }
  const first = await nextRecord(text, { line, maxRowBytes });
  line = first?.nextLine ?? line;
  const { inner } = await innerRows(first ? [first.record] : []);
  const [header] = inner;
  if (header?.code !== HEADER_CODE) {
    const what = `its first row must have the code ${HEADER_CODE}, and in its last cell the header of the rows`;
    throw new HeaderError(`is a reject file without the header of its rows: ${what}`);
  }
  const record = { line: header.line, bytes: header.bytes, irregular: false };
  const judge = await cellJudge(record, settings, options);
  const judgeRows = csvRowsJudge({ ...judge, maxRowBytes });
  const rows = createRejectRows({ judgeRows, clock, maxRowBytes });
  return { rows, header: header.bytes, line, lineEndings: 'lf or cr' };
}
