import { count } from '../numbers.js';
import { COMPARED_TIMES, PARTS, SETS } from './options.js';
import type { BenchResult } from './result.js';

type Shape = BenchResult['options'];

/**
 * Why the times of a run cannot be held against those of another, in words; nothing where they can: with everything
 * else alike, many more events must not make an answer slower.
 */
export function whyNotCompared(own: Shape, other: Shape): string[] {
  const [ours, theirs] = [shapeOf(own), shapeOf(other)];
  const problems = Object.entries(ours)
    .filter(([name, value]) => theirs[name] !== value)
    .map(([name, value]) => `it is of ${name} ${theirs[name] ?? 'unknown'}, this run of ${value}`);
  if (own.events < COMPARED_TIMES * other.events) {
    problems.push(
      `a run is compared with one of at most 1/${count(COMPARED_TIMES)} of its events, and it is of ${count(other.events)}, this run of ${count(own.events)}`,
    );
  }
  for (const [whose, options] of [
    ['this run', own],
    ['it', other],
  ] as const) {
    if (!(options.parts ?? PARTS).includes('queries'))
      problems.push(`${whose} has no times: --only leaves out queries`);
  }
  const missing = (own.sets ?? SETS).filter((set) => !(other.sets ?? SETS).includes(set));
  if (missing.length > 0) problems.push(`it has no times of ${missing.join(' and ')} bitmaps`);
  return problems;
}

/** What decides how long an answer takes, but for the events. Files of older runs may lack some of it. */
function shapeOf({
  users,
  days,
  historyDays,
  uniform,
  zones,
  indexOnly = false,
}: Shape): Record<string, string> {
  return {
    '--users': String(users),
    '--days': String(days),
    '--history-days': String(historyDays),
    '--uniform': String(uniform),
    '--index-only': String(indexOnly),
    zones: zones.join(' and '),
  };
}
