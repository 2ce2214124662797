import type { AcceptedEvent } from './accepted-event.js';
import { decodeUtf8, readJson } from './body-text.js';
import { eventValidator } from './event-validator.js';
import { scanJson } from './json-scan.js';
import { CEILING_LIMITS, END_OF_TIME_MS, type EventLimits } from './limits.js';
import { changedNumbers, mayHoldChangedNumber } from './number-precision.js';
import { parseInstantMs } from './occurred-at.js';
import type { EventProblemCode } from './problems.js';
import type { WrittenEvent } from './written-events.js';

const VERSION = 1;

/** Bytes of a message that holds one event at the ceilings: what `maxBytes` must allow. */
export const MAX_WIRE_EVENT_BYTES = CEILING_LIMITS.maxPropertiesBytes + 4 * 1024;

/** What a message takes: an event, or its JSON text. */
export type WireEvent = AcceptedEvent | WrittenEvent;

/** A part of a message: the JSON texts of one or more events, with commas between them. */
export interface WirePiece {
  text: string;
  /** Of the text as UTF-8. */
  bytes: number;
}

const open = (receivedAt: string) => `{"v":${VERSION},"received_at":${JSON.stringify(receivedAt)},"events":[`;
const CLOSE = ']}';

/** Bytes that a message has beside its pieces and the commas between them; `received_at` as toISOString writes it. */
export const WIRE_ENVELOPE_BYTES = open(new Date(0).toISOString()).length + CLOSE.length;

/**
 * The events as pieces, in their order and as few as there can be, each of which fits a message of `maxBytes`. An
 * event that does not fit alone is a RangeError: `maxBytes` is at least MAX_WIRE_EVENT_BYTES wherever it is configured.
 */
export const encodeWirePieces = (events: readonly WireEvent[], o: { maxBytes: number }): WirePiece[] => {
  if (events.length === 0) return [];
  const text = listOf(events);
  const whole = { text, bytes: Buffer.byteLength(text) };
  const maxBytes = o.maxBytes - WIRE_ENVELOPE_BYTES;
  return whole.bytes <= maxBytes ? [whole] : splitPieces(events, maxBytes);
};

const jsonOf = (event: WireEvent): string => ('json' in event ? event.json : JSON.stringify(event));

/** The JSON texts, with commas between them. */
const listOf = (events: readonly WireEvent[]): string =>
  events.some((event) => 'json' in event)
    ? events.map(jsonOf).join(',')
    : // All at once is a fraction of the work of one by one.
      JSON.stringify(events).slice(1, -1);

const splitPieces = (events: readonly WireEvent[], maxBytes: number): WirePiece[] => {
  const pieces: WirePiece[] = [];
  let texts: string[] = [];
  let bytes = 0;
  const finish = () => {
    if (texts.length > 0) pieces.push({ text: texts.join(','), bytes: bytes - 1 });
    texts = [];
    bytes = 0;
  };
  for (const event of events) {
    const text = jsonOf(event);
    const ownBytes = Buffer.byteLength(text);
    if (bytes + ownBytes > maxBytes) finish();
    if (ownBytes > maxBytes) {
      throw new RangeError(
        `one event needs a message of ${ownBytes + WIRE_ENVELOPE_BYTES} bytes, maxBytes is ${maxBytes + WIRE_ENVELOPE_BYTES}`,
      );
    }
    texts.push(text);
    // With the comma behind it.
    bytes += ownBytes + 1;
  }
  finish();
  return pieces;
};

/**
 * The message that carries these pieces from gateway to writer: UTF-8 JSON
 * `{"v":1,"received_at":"…","events":[…]}`. Its bytes are those of the pieces, a comma between each two, and
 * WIRE_ENVELOPE_BYTES.
 */
export const joinWirePieces = (pieces: readonly WirePiece[], o: { receivedAt: string }): Uint8Array =>
  Buffer.from(`${open(o.receivedAt)}${pieces.map(({ text }) => text).join(',')}${CLOSE}`);

/** The messages that carry these events, in their order, as few as fit `maxBytes` each: see encodeWirePieces. */
export const encodeWireMessages = (
  events: readonly WireEvent[],
  o: { receivedAt: string; maxBytes: number },
): Uint8Array[] => encodeWirePieces(events, o).map((piece) => joinWirePieces([piece], o));

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
