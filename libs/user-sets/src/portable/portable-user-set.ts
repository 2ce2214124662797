import { BITS_BYTES } from '../format/layout.js';
import { listBits } from '../format/words.js';
import type { UserSet } from '../user-set.js';
import { equalContainers, ownContainer, sizeOf, type Container } from './container.js';
import { andContainers, andSizeOfContainers, minusContainers, orContainers } from './container-algebra.js';
import type { KeyedContainers } from './of-numbers.js';
import { writeBytes } from './write-bytes.js';

/** What V8 needs beside the numbers, about: for a set, and for each of its containers. */
const SET_BYTES = 150;
const CONTAINER_BYTES = 220;

/** A class, for once: millions of sets share its methods. */
export class PortableUserSet implements UserSet {
  constructor(public parts: KeyedContainers) {}

  get size(): number {
    let size = 0;
    for (const container of this.parts.containers) size += sizeOf(container);
    return size;
  }

  get bytes(): number {
    let bytes = SET_BYTES;
    for (const container of this.parts.containers)
      bytes += CONTAINER_BYTES + (container instanceof Uint16Array ? 2 * container.length : BITS_BYTES);
    return bytes;
  }

  add(other: UserSet): void {
    const mine = this.parts;
    const theirs = partsOf(other);
    const keys: number[] = [];
    const containers: Container[] = [];
    let i = 0;
    for (let j = 0; j < theirs.keys.length; j++) {
      const key = theirs.keys[j]!;
      for (; i < mine.keys.length && mine.keys[i]! < key; i++) {
        keys.push(mine.keys[i]!);
        containers.push(mine.containers[i]!);
      }
      const container = theirs.containers[j]!;
      keys.push(key);
      containers.push(
        mine.keys[i] === key ? orContainers(mine.containers[i++]!, container) : ownContainer(container),
      );
    }
    for (; i < mine.keys.length; i++) {
      keys.push(mine.keys[i]!);
      containers.push(mine.containers[i]!);
    }
    this.parts = { keys, containers };
  }

  and(other: UserSet): UserSet {
    const keys: number[] = [];
    const containers: Container[] = [];
    forEachCommonKey(this.parts, partsOf(other), (key, a, b) => {
      const container = andContainers(a, b);
      if (container === undefined) return;
      keys.push(key);
      containers.push(container);
    });
    return new PortableUserSet({ keys, containers });
  }

  minus(other: UserSet): UserSet {
    const mine = this.parts;
    const theirs = partsOf(other);
    const keys: number[] = [];
    const containers: Container[] = [];
    let j = 0;
    for (let i = 0; i < mine.keys.length; i++) {
      const key = mine.keys[i]!;
      while (j < theirs.keys.length && theirs.keys[j]! < key) j++;
      const container = mine.containers[i]!;
      const rest =
        theirs.keys[j] === key ? minusContainers(container, theirs.containers[j]!) : ownContainer(container);
      if (rest === undefined) continue;
      keys.push(key);
      containers.push(rest);
    }
    return new PortableUserSet({ keys, containers });
  }

  andSize(other: UserSet): number {
    let size = 0;
    forEachCommonKey(this.parts, partsOf(other), (_key, a, b) => {
      size += andSizeOfContainers(a, b);
    });
    return size;
  }

  clone(): UserSet {
    const { keys, containers } = this.parts;
    return new PortableUserSet({ keys: keys.slice(), containers: containers.map(ownContainer) });
  }

  equals(other: UserSet): boolean {
    const { keys, containers } = this.parts;
    const theirs = partsOf(other);
    return (
      keys.length === theirs.keys.length &&
      keys.every((key, i) => key === theirs.keys[i]) &&
      containers.every((container, i) => equalContainers(container, theirs.containers[i]!))
    );
  }

  toArray(): Uint32Array {
    const { keys, containers } = this.parts;
    const numbers = new Uint32Array(this.size);
    let at = 0;
    containers.forEach((container, i) => {
      const base = keys[i]! * 65_536;
      if (container instanceof Uint16Array) for (const lower of container) numbers[at++] = base + lower;
      else at = listBits(container.words, numbers, at, base);
    });
    return numbers;
  }

  toBytes(): Uint8Array {
    return writeBytes(this.parts);
  }
}

/** @throws TypeError for a set of another kind */
function partsOf(set: UserSet): KeyedContainers {
  if (!(set instanceof PortableUserSet)) throw new TypeError('sets of two kinds do not mix');
  return set.parts;
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
