import type { FieldProblem } from './problems.js';
import { quoteValue } from './quoting.js';

/** General category Cc is exactly C0, DEL and C1; a lone surrogate is a code point of category Cs. */
const CONTROL_OR_SURROGATE = /[\p{Cc}\p{Cs}]/u;
const CONTROL = /\p{Cc}/u;
const NUL_OR_SURROGATE = /[\0\p{Cs}]/u;
const LONE_SURROGATE = /\p{Cs}/u;

const countCodePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

const lengthProblem = (path: string, text: string, maxLength: number): FieldProblem | undefined => {
  if (text.length === 0) {
    return {
      path,
      code: 'too_short',
      message: `${path} is empty: send 1 to ${maxLength} characters.`,
    };
  }
  if (text.length <= maxLength) return undefined;
  const length = countCodePoints(text);
  if (length <= maxLength) return undefined;
  return {
    path,
    code: 'too_long',
    message: `${path} is ${length} characters long, at most ${maxLength} are taken: shorten ${quoteValue(text)}.`,
  };
};

/** The rules of user_id and event_type. Lengths are code points. */
export const nameProblems = (path: string, text: string, maxLength: number): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  const tooLong = lengthProblem(path, text, maxLength);
  if (tooLong) problems.push(tooLong);
  if (!CONTROL_OR_SURROGATE.test(text)) return problems;
  if (text.includes('\0')) problems.push(nulProblem(path, text));
  if (CONTROL.test(text.replaceAll('\0', ''))) {
    problems.push({
      path,
      code: 'control_character',
      message: `${path} holds a control character: remove it from ${quoteValue(text)}.`,
    });
  }
  if (LONE_SURROGATE.test(text)) problems.push(surrogateProblem(path, text));
  return problems;
};

/** True for nearly every text in which nameProblems finds none, and for no other. */
export const isPlainName = (text: string, maxLength: number): boolean =>
  text.length > 0 && text.length <= maxLength && !CONTROL_OR_SURROGATE.test(text);

/** True for a text that PostgreSQL and UTF-8 keep as it is. */
export const isStorable = (text: string): boolean => !NUL_OR_SURROGATE.test(text);

/** The rules of texts and keys inside properties, for one that is not storable. */
export const unstorableProblems = (path: string, text: string): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  if (text.includes('\0')) problems.push(nulProblem(path, text));
  if (LONE_SURROGATE.test(text)) problems.push(surrogateProblem(path, text));
  return problems;
};

const nulProblem = (path: string, text: string): FieldProblem => ({
  path,
  code: 'nul_character',
  message: `${path} holds a NUL character (\\u0000), which cannot be stored: remove it from ${quoteValue(text)}.`,
});

const surrogateProblem = (path: string, text: string): FieldProblem => ({
  path,
  code: 'lone_surrogate',
  message: `${path} holds half of a surrogate pair, which is no character: send well-formed Unicode instead of ${quoteValue(text)}.`,
});
