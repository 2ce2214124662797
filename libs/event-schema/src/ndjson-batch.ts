import {
  addProblems,
  emptyBatch,
  textOf,
  tooManyEvents,
  type ParsedBatch,
  type ParseOptions,
} from './batch.js';
import { readJson } from './body-text.js';
import { eventValidator, locateProblems } from './event-validator.js';
import { changedNumbers, mayHoldChangedNumber } from './number-precision.js';

const JSON_BLANK = /^[ \t\r]*$/;

/** The lines that are not blank, with their numbers from 1; at most one more than `max`. */
const nonBlankLines = (text: string, max: number): { line: number; text: string }[] => {
  const lines: { line: number; text: string }[] = [];
  let line = 0;
  for (let start = 0; start < text.length && lines.length <= max;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    line += 1;
    const content = text.slice(start, end);
    if (!JSON_BLANK.test(content)) lines.push({ line, text: content });
    start = end + 1;
  }
  return lines;
};

/**
 * Parses and validates one JSON event a line (LF or CRLF; blank lines are passed over and have no
 * index). A line that is not JSON is a problem of that line. Throws BatchError as parseJsonBatch does.
 */
export const parseNdjsonBatch = (body: Uint8Array, o: ParseOptions): ParsedBatch => {
  const text = textOf(body);
  const lines = nonBlankLines(text, o.limits.maxEventsPerRequest);
  if (lines.length === 0) throw emptyBatch();
  if (lines.length > o.limits.maxEventsPerRequest) throw tooManyEvents(o.limits);

  const { maxPropertiesDepth } = o.limits;
  const anyChanged = mayHoldChangedNumber(text);
  const validate = eventValidator(o.limits);
  const batch: ParsedBatch = { total: lines.length, accepted: [], problems: [] };
  lines.forEach(({ line, text: lineText }, index) => {
    const json = readJson(lineText);
    if (!json.ok) {
      const message = `line ${line} is not valid JSON: ${json.where}.`;
      batch.problems.push({ index, event_id: null, path: '', code: 'invalid_json', message, line });
      return;
    }
    const changed = anyChanged
      ? changedNumbers(lineText, { within: ['events', index], maxPropertiesDepth }).get(index)
      : undefined;
    const result = validate(json.value, o.nowMs, changed);
    if (result.ok) batch.accepted.push({ index, event: result.event });
    else addProblems(batch, locateProblems(json.value, result.problems, { index, line }));
  });
  return batch;
};
