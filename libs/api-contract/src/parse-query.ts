import { quoteValue } from '@event-analytics/event-schema';
import type { z } from 'zod';
import {
  isParameterProblemCode,
  type ParameterProblem,
  type ParameterProblemCode,
} from './parameter-problem.js';

const MAX_PROBLEMS = 20;
const MAX_PATH_LENGTH = 64;

export type ParsedQuery<T> = { ok: true; value: T } | { ok: false; errors: ParameterProblem[] };

/**
 * Reads a query, as Express parses it, by one of the query schemas. Everything that is wrong is listed (at most
 * 20 problems), each under its parameter's name. Never throws.
 */
export function parseQuery<T extends z.ZodType>(
  schema: T,
  query: Record<string, unknown>,
): ParsedQuery<z.output<T>> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return { ok: true, value: parsed.data };
  const errors = parsed.error.issues.flatMap((issue) => problemsOf(issue, query));
  return { ok: false, errors: errors.slice(0, MAX_PROBLEMS) };
}

function problemsOf(issue: z.core.$ZodIssue, query: Record<string, unknown>): ParameterProblem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.slice(0, MAX_PROBLEMS).map(unknownParameter);
  const name = String(issue.path[0] ?? '');
  return [{ path: name, code: codeOf(issue, query[name]), message: issue.message }];
}

function codeOf(issue: z.core.$ZodIssue, value: unknown): ParameterProblemCode {
  const code: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  if (isParameterProblemCode(code)) return code;
  if (Array.isArray(value)) return 'repeated_parameter';
  return value === undefined ? 'required' : 'invalid_type';
}

function unknownParameter(name: string): ParameterProblem {
  return {
    // A pair cut in two would make the answer itself ill-formed.
    path: name.slice(0, MAX_PATH_LENGTH).replaceAll(/\p{Cs}/gu, ''),
    code: 'unknown_parameter',
    message: `There is no parameter ${quoteValue(name)} here: remove it, or see /docs for its right name.`,
  };
}
