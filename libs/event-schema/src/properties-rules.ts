import { CEILING_LIMITS, MAX_PROBLEMS_PER_EVENT, type EventLimits } from './limits.js';
import type { EventProblemCode, FieldProblem } from './problems.js';
import { formatPath } from './quoting.js';
import { isStorable, unstorableProblems } from './text-rules.js';

/** A problem with its place as segments, below `properties`. */
export interface PropertyProblem {
  segments: PropertyKey[];
  code: EventProblemCode;
  message: string;
}

type PropertyLimits = Pick<EventLimits, 'maxPropertiesBytes' | 'maxPropertiesDepth'>;

/** What a unit of a text can take as compact JSON at most: \u0000. */
export const TEXT_UNIT_BYTES_MAX = 6;
/** The same of any other value: a number is 25 characters. */
export const SCALAR_BYTES_MAX = 32;

/** Depth, texts and keys, numbers and size of properties that JSON.parse made. Reads, never copies. */
export const propertiesProblems = (
  properties: Record<string, unknown>,
  limits: PropertyLimits,
): PropertyProblem[] => {
  // The walk recurses, so its depth has a bound of its own.
  const maxDepth = Math.min(limits.maxPropertiesDepth, CEILING_LIMITS.maxPropertiesDepth);
  const problems: PropertyProblem[] = [];
  const segments: PropertyKey[] = [];
  let bytesAtMost = 0;

  const add = (code: EventProblemCode, message: string) =>
    problems.push({ segments: [...segments], code, message });
  const here = () => formatPath(['properties', ...segments]);
  const addTextProblems = (found: FieldProblem[]) => {
    for (const { code, message } of found) add(code, message);
  };

  /** False when nothing more needs to be looked at. */
  const visitChild = (segment: PropertyKey, value: unknown, depth: number): boolean => {
    segments.push(segment);
    if (typeof segment === 'string') {
      bytesAtMost += segment.length * TEXT_UNIT_BYTES_MAX;
      if (!isStorable(segment)) addTextProblems(unstorableProblems(`the key ${here()}`, segment));
    }
    const goOn = visit(value, depth) && problems.length < MAX_PROBLEMS_PER_EVENT;
    segments.pop();
    return goOn;
  };

  const visit = (value: unknown, depth: number): boolean => {
    bytesAtMost += SCALAR_BYTES_MAX;
    if (typeof value === 'string') {
      bytesAtMost += value.length * TEXT_UNIT_BYTES_MAX;
      if (!isStorable(value)) addTextProblems(unstorableProblems(here(), value));
      return true;
    }
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) {
        add('number_precision', `${here()} is no number that can be kept: send it as a string.`);
      }
      return true;
    }
    if (typeof value !== 'object' || value === null) return true;
    if (depth > maxDepth) {
      add(
        'properties_too_deep',
        `${here()} is nested deeper than ${maxDepth} levels: send flatter properties.`,
      );
      return false;
    }
    if (Array.isArray(value)) {
      return value.every((item, at) => visitChild(at, item, depth + 1));
    }
    return Object.keys(value).every((key) =>
      visitChild(key, (value as Record<string, unknown>)[key], depth + 1),
    );
  };

  const walkedAll = visit(properties, 1);
  if (walkedAll && bytesAtMost > limits.maxPropertiesBytes) {
    const bytes = Buffer.byteLength(JSON.stringify(properties));
    if (bytes > limits.maxPropertiesBytes) {
      add(
        'properties_too_large',
        `properties are ${bytes} bytes as compact JSON, at most ${limits.maxPropertiesBytes} are taken: send less.`,
      );
    }
  }
  return problems;
};
