import { DatabaseError } from './errors.js';

/** An array as PostgreSQL reads it, for a parameter that the statement casts to int[]. */
export function intArray(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

/** An array of texts, whatever is in them, for a parameter that the statement casts to text[]. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

/** An array of bytes in hex, for a parameter that the statement casts to text[] and decodes. */
export function hexArray(values: readonly Uint8Array[]): string {
  const hex = (bytes: Uint8Array) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  // In quotes, for those of no bytes.
  return `{${values.map((bytes) => `"${hex(bytes)}"`).join(',')}}`;
}

/** An array of instants, for a parameter that the statement casts to timestamptz[]. */
export function instantArray(instantsMs: readonly number[]): string {
  return `{${instantsMs.map(instant).join(',')}}`;
}

const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** An instant for a timestamptz; kept within the years that both sides spell alike, 1 to 9999. */
export function instant(ms: number): string {
  return new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS)).toISOString();
}

/** A bigint of the server (the driver hands it over as text) as a number. @throws DatabaseError past 2^53 */
export function exactCount(text: string | number): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count)) throw new DatabaseError('count_too_large', `${text} is no exact number`);
  return count;
}

/** Whether a valid instant is as Date.toISOString writes it: it begins with its day, and such texts compare as they do. */
export function isIsoInstant(text: string): boolean {
  return text.length === 24 && text.endsWith('Z');
}
