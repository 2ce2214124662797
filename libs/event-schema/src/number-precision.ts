import { scanJson } from './json-scan.js';
import { MAX_PROBLEMS_PER_EVENT } from './limits.js';
import type { FieldProblem } from './problems.js';
import { formatPath, quoteValue } from './quoting.js';

// A double keeps any 15 digits of a number that is neither huge nor tiny.
const EXACT_DIGITS = 15;
const EXACT_MIN = 1e-290;
const EXACT_MAX = 1e290;

// So only a longer number, or one with an exponent, can change. Numbers follow one of
// these three characters outside texts; inside texts this may hit too, and the scan then decides.
const SUSPICIOUS = /[:,[]\s*(-?(?:[\d.]{16,}|\d[\d.]*[eE])[\d.eE+-]*)/g;

const DECIMAL = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** One spelling for each decimal value: digits without outer zeros, and the power of ten. */
const normalise = (decimal: string): string => {
  const [, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(decimal) ?? [];
  const digits = `${whole}${fraction}`;
  let first = 0;
  while (digits.charCodeAt(first) === 0x30) first += 1;
  let last = digits.length;
  while (last > first && digits.charCodeAt(last - 1) === 0x30) last -= 1;
  const power = Number(exponent) - fraction.length + (digits.length - last);
  return first === last ? '0' : `${digits.slice(first, last)}e${power}`;
};

/** True when JavaScript reads the JSON number as another value than the one written. */
export const isChangedNumber = (token: string): boolean => {
  const value = Number(token);
  const size = Math.abs(value);
  if (token.length <= EXACT_DIGITS && size > EXACT_MIN && size < EXACT_MAX) return false;
  if (String(value) === token) return false;
  return !Number.isFinite(value) || normalise(String(value)) !== normalise(token);
};

/** Cheap, and never misses: whether a number of this JSON text may be read as another. */
export const mayHoldChangedNumber = (text: string): boolean => {
  for (const match of text.matchAll(SUSPICIOUS)) {
    if (isChangedNumber(match[1] ?? '')) return true;
  }
  return false;
};

const isNumberStart = (code: number) => code === 0x2d || (code >= 0x30 && code <= 0x39);

const numberProblem = (path: string, token: string): FieldProblem => ({
  path,
  code: 'number_precision',
  message: `${path} would be stored as another number than ${quoteValue(token)}: send it as a string, or with fewer digits.`,
});

/**
 * The changed numbers inside the properties of events, by event index. `within` is the path at
 * which `text` stands: `[]` for a body, `['events', 3]` for one event, and so on.
 */
export const changedNumbers = (
  text: string,
  o: { within: readonly (string | number)[]; maxPropertiesDepth: number },
): Map<number, FieldProblem[]> => {
  const found = new Map<number, FieldProblem[]>();
  // events, index, properties, and then a segment for each level.
  const maxDepth = 3 + o.maxPropertiesDepth - o.within.length;
  scanJson(text, maxDepth, (path, start, end) => {
    if (!isNumberStart(text.charCodeAt(start))) return;
    const [list, index, field, ...rest] = [...o.within, ...path];
    if (list !== 'events' || typeof index !== 'number' || field !== 'properties' || rest.length === 0) return;
    const problems = found.get(index) ?? [];
    const token = text.slice(start, end);
    if (problems.length === MAX_PROBLEMS_PER_EVENT || !isChangedNumber(token)) return;
    found.set(index, problems);
    problems.push(numberProblem(formatPath(['properties', ...rest]), token));
  });
  return found;
};

/** The changed numbers anywhere in a JSON text, of as many levels. */
export const changedNumbersIn = (text: string, maxDepth: number): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  if (!mayHoldChangedNumber(text)) return problems;
  scanJson(text, maxDepth, (path, start, end) => {
    if (!isNumberStart(text.charCodeAt(start)) || problems.length === MAX_PROBLEMS_PER_EVENT) return;
    const token = text.slice(start, end);
    if (isChangedNumber(token)) problems.push(numberProblem(formatPath(path), token));
  });
  return problems;
};

/** The changed numbers of properties that came as a text of their own. */
export const changedNumbersOfProperties = (text: string, maxPropertiesDepth: number): FieldProblem[] =>
  mayHoldChangedNumber(text)
    ? (changedNumbers(text, { within: ['events', 0, 'properties'], maxPropertiesDepth }).get(0) ?? [])
    : [];
