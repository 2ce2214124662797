import { ownContainer, sizeOf, equalContainers, type Container } from './container.js';
import { andContainers, andSizeOfContainers, minusContainers, orContainers } from './container-algebra.js';

/** Any number of numbers: the lower 16 bits in the container of the upper ones. */
export interface KeyedContainers {
  /** Ascending. */
  keys: number[];
  /** The container of the key at the same place; none is empty. */
  containers: Container[];
}

export function sizeOfKeyed({ containers }: KeyedContainers): number {
  let size = 0;
  for (const container of containers) size += sizeOf(container);
  return size;
}

/** What is in either. `into` may not be used any more; `from` is not changed and nothing of it is shared. */
export function orKeyed(into: KeyedContainers, from: KeyedContainers): KeyedContainers {
  const union = nothing();
  let i = 0;
  for (let j = 0; j < from.keys.length; j++) {
    const key = from.keys[j]!;
    while (i < into.keys.length && into.keys[i]! < key) put(union, into.keys[i]!, into.containers[i++]!);
    const container = from.containers[j]!;
    put(
      union,
      key,
      into.keys[i] === key ? orContainers(into.containers[i++]!, container) : ownContainer(container),
    );
  }
  while (i < into.keys.length) put(union, into.keys[i]!, into.containers[i++]!);
  return union;
}

export function andKeyed(a: KeyedContainers, b: KeyedContainers): KeyedContainers {
  const both = nothing();
  forEachCommonKey(a, b, (key, ofA, ofB) => put(both, key, andContainers(ofA, ofB)));
  return both;
}

export function andSizeOfKeyed(a: KeyedContainers, b: KeyedContainers): number {
  let size = 0;
  forEachCommonKey(a, b, (_key, ofA, ofB) => {
    size += andSizeOfContainers(ofA, ofB);
  });
  return size;
}

export function minusKeyed(a: KeyedContainers, b: KeyedContainers): KeyedContainers {
  const rest = nothing();
  let j = 0;
  for (let i = 0; i < a.keys.length; i++) {
    const key = a.keys[i]!;
    while (j < b.keys.length && b.keys[j]! < key) j++;
    const container = a.containers[i]!;
    put(
      rest,
      key,
      b.keys[j] === key ? minusContainers(container, b.containers[j]!) : ownContainer(container),
    );
  }
  return rest;
}

export function cloneKeyed({ keys, containers }: KeyedContainers): KeyedContainers {
  return { keys: keys.slice(), containers: containers.map(ownContainer) };
}

export function equalKeyed(a: KeyedContainers, b: KeyedContainers): boolean {
  return (
    a.keys.length === b.keys.length &&
    a.keys.every((key, i) => key === b.keys[i]) &&
    a.containers.every((container, i) => equalContainers(container, b.containers[i]!))
  );
}

export function nothing(): KeyedContainers {
  return { keys: [], containers: [] };
}

/** Appends the container, unless it is empty. */
export function put(to: KeyedContainers, key: number, container: Container): void {
  if (container instanceof Uint16Array && container.length === 0) return;
  to.keys.push(key);
  to.containers.push(container);
}

function forEachCommonKey(
  a: KeyedContainers,
  b: KeyedContainers,
  visit: (key: number, ofA: Container, ofB: Container) => void,
): void {
  let i = 0;
  let j = 0;
  while (i < a.keys.length && j < b.keys.length) {
    const difference = a.keys[i]! - b.keys[j]!;
    if (difference === 0) visit(a.keys[i]!, a.containers[i]!, b.containers[j]!);
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
}
