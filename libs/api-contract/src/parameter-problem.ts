/** Every way in which a query parameter can be wrong. Clients may switch on these: none is ever renamed. */
export const PARAMETER_PROBLEM_CODES = [
  'unknown_parameter',
  'repeated_parameter',
  'required',
  'invalid_type',
  'invalid_value',
  'invalid_integer',
  'out_of_range',
  'invalid_date',
  'from_after_to',
  'range_too_long',
  /**
   * The question reaches before the first day whose raw events are still there, in a zone that is not
   * indexed. Zones that are indexed still answer: what was dropped is in the index.
   */
  'raw_data_dropped',
  'not_first_of_month',
  /** A backslash in `steps` that stands before neither a comma nor a backslash. */
  'invalid_escape',
  'repeated_step',
  'invalid_timestamp',
  'unknown_timezone',
  'too_short',
  'too_long',
  'control_character',
  'nul_character',
  'lone_surrogate',
] as const;

export type ParameterProblemCode = (typeof PARAMETER_PROBLEM_CODES)[number];

/** What is wrong with one query parameter. */
export interface ParameterProblem {
  /** The parameter's name, as it stands in the query. */
  path: string;
  code: ParameterProblemCode;
  /** The rule, and what to do. */
  message: string;
}

/** @param path where the question begins; `retainedFrom`: RFC 3339; `zones`: those that are to be indexed */
export const rawDataDropped = (
  path: string,
  { retainedFrom, zones }: { retainedFrom: string; zones: readonly string[] },
): ParameterProblem => ({
  path,
  code: 'raw_data_dropped',
  message: `events of before ${retainedFrom} were dropped, and this cannot be answered without them: zones that are indexed may still answer: ${zones.join(', ')}.`,
});

const codes: ReadonlySet<string> = new Set(PARAMETER_PROBLEM_CODES);

export const isParameterProblemCode = (code: unknown): code is ParameterProblemCode =>
  typeof code === 'string' && codes.has(code);

/** A zod issue that carries its problem code, which parseQuery reads back. */
export const issueOf = (code: ParameterProblemCode, message: string, path: PropertyKey[] = []) => ({
  code: 'custom' as const,
  message,
  path,
  params: { code },
});
