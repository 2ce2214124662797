import { objectPattern, PLAIN_NUMBER, UTF8_BYTES_A_UNIT_MAX } from './json-patterns.js';
import type { EventLimits } from './limits.js';

// The Unicode escapes of characters that can be stored by themselves: neither NUL nor half of a pair.
const UNICODE_ESCAPE = String.raw`u(?!0000)(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2}`;
const TEXT = String.raw`"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|${UNICODE_ESCAPE})[^"\\\x00-\x1f]*)*"`;

const LEVELS_MAX = 3;
// With the blank after a comma or colon that Python writes.
const PROPERTIES = new RegExp(`^${objectPattern({ text: TEXT, number: PLAIN_NUMBER, blank: ' ?' })}$`);

/**
 * True for nearly every JSON text of ordinary valid properties, and for none of invalid ones. As jsonb it is the same
 * as what JSON.stringify makes of it, and it holds no control character: so it may be stored as it stands.
 */
export const arePlainPropertiesText = (text: string, limits: EventLimits): boolean =>
  text.length * UTF8_BYTES_A_UNIT_MAX <= limits.maxPropertiesBytes &&
  limits.maxPropertiesDepth >= LEVELS_MAX &&
  PROPERTIES.test(text);
