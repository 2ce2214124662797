import { randomBytes } from 'node:crypto';

/**
 * A name that no other test uses, for streams, subjects, key prefixes and databases: the prefix,
 * an underscore and 12 hexadecimal digits.
 */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}
