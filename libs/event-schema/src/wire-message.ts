import type { AcceptedEvent } from './accepted-event.js';
import { decodeUtf8, readJson } from './body-text.js';
import { eventValidator } from './event-validator.js';
import { scanJson } from './json-scan.js';
import { CEILING_LIMITS, END_OF_TIME_MS, type EventLimits } from './limits.js';
import { changedNumbers, mayHoldChangedNumber } from './number-precision.js';
import { parseInstantMs } from './occurred-at.js';
import type { EventProblemCode } from './problems.js';

const VERSION = 1;

/** Bytes of a message that holds one event at the ceilings: what `maxBytes` must allow. */
export const MAX_WIRE_EVENT_BYTES = CEILING_LIMITS.maxPropertiesBytes + 4 * 1024;

const encodeEvents = (receivedAt: string, events: readonly string[]): Uint8Array =>
  Buffer.from(`{"v":${VERSION},"received_at":${JSON.stringify(receivedAt)},"events":[${events.join(',')}]}`);

/**
 * The messages that carry these events from gateway to writer, in their order: UTF-8 JSON
 * `{"v":1,"received_at":"…","events":[…]}`, as few as fit `maxBytes` each. An event that does not
 * fit alone is a RangeError: `maxBytes` is at least MAX_WIRE_EVENT_BYTES wherever it is configured.
 */
export const encodeWireMessages = (
  events: readonly AcceptedEvent[],
  o: { receivedAt: string; maxBytes: number },
): Uint8Array[] => {
  // A comma less than events: each is counted with one.
  const envelopeBytes = encodeEvents(o.receivedAt, []).byteLength - 1;
  const messages: Uint8Array[] = [];
  let group: string[] = [];
  let groupBytes = envelopeBytes;
  for (const event of events) {
    const text = JSON.stringify(event);
    const bytes = Buffer.byteLength(text) + 1;
    if (group.length > 0 && groupBytes + bytes > o.maxBytes) {
      messages.push(encodeEvents(o.receivedAt, group));
      group = [];
      groupBytes = envelopeBytes;
    }
    if (groupBytes + bytes > o.maxBytes) {
      throw new RangeError(
        `one event needs a message of ${groupBytes + bytes} bytes, maxBytes is ${o.maxBytes}`,
      );
    }
    group.push(text);
    groupBytes += bytes;
  }
  if (group.length > 0) messages.push(encodeEvents(o.receivedAt, group));
  return messages;
};

export type WireFormatErrorCode = 'invalid_utf8' | 'invalid_json' | 'unknown_version' | 'invalid_envelope';

/** The message as a whole is none of ours: all of it is poison. */
export class WireFormatError extends Error {
  override readonly name = 'WireFormatError';

  constructor(
    readonly code: WireFormatErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export interface WirePoison {
  /** Position in the message, from 0. */
  index: number;
  reason: EventProblemCode;
  message: string;
  /** The event's JSON text as it stood in the message. */
  raw: string;
}

export interface WireMessage {
  /** ISO, UTC. */
  receivedAt: string;
  events: { index: number; event: AcceptedEvent }[];
  poison: WirePoison[];
}

// The clock is not asked: an event accepted yesterday must not become poison by waiting.
const WIRE_LIMITS: EventLimits = { ...CEILING_LIMITS, maxFutureMs: END_OF_TIME_MS };

const readEnvelope = (text: string): { receivedAt: string; events: unknown[] } => {
  const json = readJson(text);
  if (!json.ok) throw new WireFormatError('invalid_json', `the message is not JSON: ${json.where}`);
  const envelope = json.value;
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope)) {
    throw new WireFormatError('invalid_envelope', 'the message is not a JSON object');
  }
  const { v, received_at, events } = envelope as Record<string, unknown>;
  if (v !== VERSION) throw new WireFormatError('unknown_version', `the message is not of version ${VERSION}`);
  const receivedMs = typeof received_at === 'string' ? parseInstantMs(received_at) : undefined;
  if (receivedMs === undefined || receivedMs < WIRE_LIMITS.minOccurredAtMs || receivedMs >= END_OF_TIME_MS) {
    throw new WireFormatError('invalid_envelope', 'received_at is not an RFC 3339 timestamp of our time');
  }
  if (!Array.isArray(events)) throw new WireFormatError('invalid_envelope', 'events is not an array');
  return { receivedAt: new Date(receivedMs).toISOString(), events };
};

/** The text of each event of a message. */
const rawEvents = (text: string): Map<number, string> => {
  const raw = new Map<number, string>();
  scanJson(text, 3, (path, start, end) => {
    const [list, index] = path;
    if (path.length === 2 && list === 'events' && typeof index === 'number')
      raw.set(index, text.slice(start, end));
  });
  return raw;
};

/**
 * Reads a message back and validates each event by CEILING_LIMITS, whoever wrote it. Bad events
 * come back as poison with their text, beside the good ones. Throws WireFormatError when the
 * message as a whole cannot be read.
 */
export const decodeWireMessage = (bytes: Uint8Array): WireMessage => {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new WireFormatError('invalid_utf8', 'the message is not UTF-8');
  const { receivedAt, events } = readEnvelope(text);
  const changed = mayHoldChangedNumber(text)
    ? changedNumbers(text, { within: [], maxPropertiesDepth: WIRE_LIMITS.maxPropertiesDepth })
    : undefined;
  const validate = eventValidator(WIRE_LIMITS);
  const decoded: WireMessage = { receivedAt, events: [], poison: [] };
  let raw: Map<number, string> | undefined;
  events.forEach((input, index) => {
    const result = validate(input, 0, changed?.get(index));
    if (result.ok) {
      decoded.events.push({ index, event: result.event });
      return;
    }
    raw ??= rawEvents(text);
    for (const { code, message } of result.problems.slice(0, 1)) {
      decoded.poison.push({ index, reason: code, message, raw: raw.get(index) ?? '' });
    }
  });
  return decoded;
};
