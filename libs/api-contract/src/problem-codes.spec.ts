import { PROBLEM_CODES, PROBLEMS } from './problem-codes.js';

test('every code has a status of a refusal and a title of its own', () => {
  expect(PROBLEM_CODES).toEqual(Object.keys(PROBLEMS));
  const problems = Object.values(PROBLEMS);
  for (const { status } of problems)
    expect([400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 431, 500, 503]).toContain(status);
  expect(new Set(problems.map(({ title }) => title)).size).toBe(problems.length);
});
