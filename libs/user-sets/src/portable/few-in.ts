import type { Container } from './container.js';
import type { Few } from './few.js';
import type { KeyedContainers } from './keyed-containers.js';
import { firstAtLeast } from './search.js';

/** Those of a few numbers that are in the others, or those that are not. */
export function filterFew(few: Few, others: Few | KeyedContainers, wanted: boolean): Few {
  return few.filter((number) => isIn(number, others) === wanted);
}

export function isFew(content: Few | KeyedContainers): content is Few {
  return Array.isArray(content);
}

function isIn(number: number, content: Few | KeyedContainers): boolean {
  if (isFew(content)) return content[firstAtLeast(content, number)] === number;
  const key = number >>> 16;
  const at = firstAtLeast(content.keys, key);
  return content.keys[at] === key && isInContainer(number & 0xffff, content.containers[at]!);
}

function isInContainer(lower: number, container: Container): boolean {
  if (container instanceof Uint16Array) return container[firstAtLeast(container, lower)] === lower;
  return ((container.words[lower >>> 5]! >>> (lower & 31)) & 1) === 1;
}
