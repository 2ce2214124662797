import { BITS_BYTES } from '../format/layout.js';
import { listBits } from '../format/words.js';
import type { UserSet } from '../user-set.js';
import { FEW_MAX, keyedOfFew, orFew, type Few } from './few.js';
import { filterFew, isFew } from './few-in.js';
import {
  andKeyed,
  andSizeOfKeyed,
  cloneKeyed,
  equalKeyed,
  minusKeyed,
  orKeyed,
  sizeOfKeyed,
  type KeyedContainers,
} from './keyed-containers.js';
import { writeFew, writeKeyed } from './write-bytes.js';

/** What V8 needs, about: for a set, for each of a few numbers, and for each container beside its numbers. */
const SET_BYTES = 200;
const NUMBER_BYTES = 8;
const CONTAINER_BYTES = 220;

/** A class, for once: millions of sets share its methods. */
export class PortableUserSet implements UserSet {
  /** @param content the set's own: nothing else may change it */
  constructor(public content: Few | KeyedContainers) {}

  get size(): number {
    return isFew(this.content) ? this.content.length : sizeOfKeyed(this.content);
  }

  get bytes(): number {
    if (isFew(this.content)) return SET_BYTES + NUMBER_BYTES * this.content.length;
    let bytes = SET_BYTES;
    for (const container of this.content.containers)
      bytes += CONTAINER_BYTES + (container instanceof Uint16Array ? 2 * container.length : BITS_BYTES);
    return bytes;
  }

  add(other: UserSet): void {
    const mine = this.content;
    const theirs = contentOf(other);
    if (!isFew(mine) || !isFew(theirs)) {
      this.content = orKeyed(asKeyed(mine), asKeyed(theirs));
      return;
    }
    const union = orFew(mine, theirs);
    this.content = union.length > FEW_MAX ? keyedOfFew(union) : union;
  }

  and(other: UserSet): UserSet {
    const mine = this.content;
    const theirs = contentOf(other);
    if (isFew(mine)) return new PortableUserSet(filterFew(mine, theirs, true));
    if (isFew(theirs)) return new PortableUserSet(filterFew(theirs, mine, true));
    return new PortableUserSet(andKeyed(mine, theirs));
  }

  minus(other: UserSet): UserSet {
    const mine = this.content;
    const theirs = contentOf(other);
    if (isFew(mine)) return new PortableUserSet(filterFew(mine, theirs, false));
    return new PortableUserSet(minusKeyed(mine, asKeyed(theirs)));
  }

  andSize(other: UserSet): number {
    const mine = this.content;
    const theirs = contentOf(other);
    if (isFew(mine)) return filterFew(mine, theirs, true).length;
    if (isFew(theirs)) return filterFew(theirs, mine, true).length;
    return andSizeOfKeyed(mine, theirs);
  }

  clone(): UserSet {
    return new PortableUserSet(isFew(this.content) ? this.content : cloneKeyed(this.content));
  }

  equals(other: UserSet): boolean {
    const mine = this.content;
    const theirs = contentOf(other);
    if (!isFew(mine) && !isFew(theirs)) return equalKeyed(mine, theirs);
    return this.size === other.size && this.andSize(other) === this.size;
  }

  toArray(): Uint32Array {
    if (isFew(this.content)) return Uint32Array.from(this.content);
    const { keys, containers } = this.content;
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
    return isFew(this.content) ? writeFew(this.content) : writeKeyed(this.content);
  }
}

/** @throws TypeError for a set of another kind */
function contentOf(set: UserSet): Few | KeyedContainers {
  if (!(set instanceof PortableUserSet)) throw new TypeError('sets of two kinds do not mix');
  return set.content;
}

function asKeyed(content: Few | KeyedContainers): KeyedContainers {
  return isFew(content) ? keyedOfFew(content) : content;
}
