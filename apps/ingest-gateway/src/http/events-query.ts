export interface QueryProblem {
  path: string;
  code: 'unknown_parameter' | 'invalid_value';
  message: string;
}

/** The query of POST /events: `partial=true` or nothing. Anything else is a mistake better named than ignored. */
export function eventsQuery(query: Record<string, unknown>): { partial: boolean; problems: QueryProblem[] } {
  const problems: QueryProblem[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (name !== 'partial') {
      const path = name.slice(0, 64);
      problems.push({ path, code: 'unknown_parameter', message: 'There is no such parameter: remove it.' });
    } else if (value !== 'true') {
      const message = 'partial must be true, given once, or absent.';
      problems.push({ path: 'partial', code: 'invalid_value', message });
    }
  }
  return { partial: query['partial'] === 'true', problems: problems.slice(0, 10) };
}
