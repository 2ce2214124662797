import type { AcceptedEvent } from './accepted-event.js';
import { isUuid } from './event-schema.js';
import { instantWindow, isPlainInstant } from './instant-window.js';
import { CEILING_LIMITS, type EventLimits } from './limits.js';
import { readOccurredAt } from './occurred-at.js';
import { SCALAR_BYTES_MAX, TEXT_UNIT_BYTES_MAX } from './properties-rules.js';
import { isPlainName, isStorable } from './text-rules.js';

/**
 * The event of an ordinary valid input, the very one that the schema would give, in a tenth of its time. Undefined for
 * what is invalid and for what is merely out of the ordinary: the schema then tells.
 *
 * `input` is what JSON.parse made: it has no getters and inherits nothing but Object.prototype.
 */
export const readPlainEvent = (
  input: unknown,
  limits: EventLimits,
  nowMs: number,
): AcceptedEvent | undefined => {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const { event_id, user_id, event_type, occurred_at, properties } = input as Record<string, unknown>;
  if (typeof event_id !== 'string' || !isUuid(event_id)) return undefined;
  if (typeof user_id !== 'string' || !isPlainName(user_id, limits.maxUserIdLength)) return undefined;
  if (typeof event_type !== 'string' || !isPlainName(event_type, limits.maxEventTypeLength)) return undefined;
  if (typeof occurred_at !== 'string') return undefined;
  // All five are there, so another key is one too many.
  if (Object.keys(input).length !== (properties === undefined ? 4 : 5)) return undefined;
  const instant = plainInstant(occurred_at, limits, nowMs);
  if (instant === undefined) return undefined;
  if (properties !== undefined && !arePlainProperties(properties, limits)) return undefined;
  return {
    event_id: event_id.toLowerCase(),
    user_id,
    event_type,
    occurred_at: instant,
    properties: (properties ?? {}) as AcceptedEvent['properties'],
  };
};

/** The one spelling of an instant that readOccurredAt takes; undefined for any other text. */
export const plainInstant = (text: string, limits: EventLimits, nowMs: number): string | undefined => {
  if (isPlainInstant(text, instantWindow(limits, nowMs))) return text;
  const read = readOccurredAt(text, limits, nowMs);
  return read.ok ? read.iso : undefined;
};

const arePlainProperties = (properties: unknown, limits: EventLimits): boolean => {
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return false;
  const levels = Math.min(limits.maxPropertiesDepth, CEILING_LIMITS.maxPropertiesDepth);
  return bytesAtMost(properties, levels) <= limits.maxPropertiesBytes;
};

/** What a storable value takes at most; Infinity for one with something in it that may be refused. */
const bytesAtMost = (value: unknown, levels: number): number => {
  if (typeof value === 'string') return isStorable(value) ? textBytesAtMost(value) : Infinity;
  if (typeof value === 'number') return Number.isFinite(value) ? SCALAR_BYTES_MAX : Infinity;
  if (typeof value !== 'object' || value === null) return SCALAR_BYTES_MAX;
  if (levels < 1) return Infinity;
  let bytes = SCALAR_BYTES_MAX;
  if (Array.isArray(value)) {
    for (const item of value) bytes += bytesAtMost(item, levels - 1);
    return bytes;
  }
  for (const key of Object.keys(value)) {
    if (!isStorable(key)) return Infinity;
    bytes += textBytesAtMost(key) + bytesAtMost((value as Record<string, unknown>)[key], levels - 1);
  }
  return bytes;
};

const textBytesAtMost = (text: string): number => SCALAR_BYTES_MAX + text.length * TEXT_UNIT_BYTES_MAX;
