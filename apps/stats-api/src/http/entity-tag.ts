import { createHash } from 'node:crypto';
import { VERSION } from '@event-analytics/service-kit';

/**
 * A weak entity tag: the same for the same parts, of whatever process of this version. What the parts say has to
 * be all that an answer depends on.
 */
export function entityTag(parts: readonly unknown[]): string {
  const text = JSON.stringify([VERSION, ...parts]);
  return `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}
