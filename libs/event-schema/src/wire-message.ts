import type { AcceptedEvent } from './accepted-event.js';
import { decodeUtf8, readJson, type JsonText } from './body-text.js';
import { lineOf, readEventLine, WIRE_LIMITS } from './event-line.js';
import { eventValidator } from './event-validator.js';
import { scanJson } from './json-scan.js';
import { CEILING_LIMITS, END_OF_TIME_MS } from './limits.js';
import { changedNumbers, mayHoldChangedNumber } from './number-precision.js';
import { parseInstantMs } from './occurred-at.js';
import type { EventProblemCode, FieldProblem } from './problems.js';
import type { WrittenEvent } from './written-events.js';

/** Its header is a line of JSON, each of its events a line of its own. What is written. */
const LINES_VERSION = 2;
/** One JSON text. */
const JSON_VERSION = 1;

/** Bytes of a message that holds one event at the ceilings: what `maxBytes` must allow. */
export const MAX_WIRE_EVENT_BYTES = CEILING_LIMITS.maxPropertiesBytes + 4 * 1024;

/** What a message takes: an event, or its line. */
export type WireEvent = AcceptedEvent | WrittenEvent;

/** A part of a message: the lines of one or more events. */
export interface WirePiece {
  text: string;
  /** Of the text as UTF-8. */
  bytes: number;
}

const headerOf = (receivedAt: string) =>
  `{"v":${LINES_VERSION},"received_at":${JSON.stringify(receivedAt)}}\n`;

/** Bytes that a message has beside its pieces and the one between each two; `received_at` as toISOString writes it. */
export const WIRE_ENVELOPE_BYTES = headerOf(new Date(0).toISOString()).length;

/**
 * The events as pieces, in their order and as few as there can be, each of which fits a message of `maxBytes`. An
 * event that does not fit alone is a RangeError: `maxBytes` is at least MAX_WIRE_EVENT_BYTES wherever it is configured.
 */
export const encodeWirePieces = (events: readonly WireEvent[], o: { maxBytes: number }): WirePiece[] => {
  if (events.length === 0) return [];
  const lines = events.map(wireLine);
  const text = lines.join('\n');
  const whole = { text, bytes: Buffer.byteLength(text) };
  const maxBytes = o.maxBytes - WIRE_ENVELOPE_BYTES;
  return whole.bytes <= maxBytes ? [whole] : splitPieces(lines, maxBytes);
};

const wireLine = (event: WireEvent): string =>
  'line' in event ? event.line : lineOf(event, JSON.stringify(event.properties));

const splitPieces = (lines: readonly string[], maxBytes: number): WirePiece[] => {
  const pieces: WirePiece[] = [];
  let texts: string[] = [];
  let bytes = 0;
  const finish = () => {
    if (texts.length > 0) pieces.push({ text: texts.join('\n'), bytes: bytes - 1 });
    texts = [];
    bytes = 0;
  };
  for (const text of lines) {
    const ownBytes = Buffer.byteLength(text);
    if (bytes + ownBytes > maxBytes) finish();
    if (ownBytes > maxBytes) {
      throw new RangeError(
        `one event needs a message of ${ownBytes + WIRE_ENVELOPE_BYTES} bytes, maxBytes is ${maxBytes + WIRE_ENVELOPE_BYTES}`,
      );
    }
    texts.push(text);
    // With the line break behind it.
    bytes += ownBytes + 1;
  }
  finish();
  return pieces;
};

/**
 * The message that carries these pieces from gateway to writer, UTF-8: a header `{"v":2,"received_at":"…"}` and behind
 * it the events, each on a line of its own as lineOf makes it; none ends with a line break but the header. Its bytes are
 * those of the pieces, one between each two, and WIRE_ENVELOPE_BYTES.
 */
export const joinWirePieces = (pieces: readonly WirePiece[], o: { receivedAt: string }): Uint8Array =>
  Buffer.from(`${headerOf(o.receivedAt)}${pieces.map(({ text }) => text).join('\n')}`);

/** The messages that carry these events, in their order, as few as fit `maxBytes` each: see encodeWirePieces. */
export const encodeWireMessages = (
  events: readonly WireEvent[],
  o: { receivedAt: string; maxBytes: number },
): Uint8Array[] => encodeWirePieces(events, o).map((piece) => joinWirePieces([piece], o));

/**
 * The message of one event that is already JSON, valid as an event or not: `{"v":1,"received_at":"…","events":[…]}`.
 * @param json what is not JSON spoils the message
 */
export const messageOfJson = (json: string, o: { receivedAt: string }): Uint8Array =>
  Buffer.from(`{"v":${JSON_VERSION},"received_at":${JSON.stringify(o.receivedAt)},"events":[${json}]}`);

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
  /** The event's JSON text as it stood in the message; of a line also as it stood, where it cannot be had as JSON. */
  raw: string;
}

export interface WireMessage<E = AcceptedEvent> {
  /** ISO, UTC. */
  receivedAt: string;
  events: { index: number; event: E }[];
  poison: WirePoison[];
}

/** An event that is none, with the first that is wrong with it. */
export const poisonOf = (index: number, problems: readonly FieldProblem[], raw: string): WirePoison[] =>
  problems.slice(0, 1).map(({ code, message }) => ({ index, reason: code, message, raw }));

/**
 * Reads a message of either version back and validates each event by CEILING_LIMITS, whoever wrote it. Bad events
 * come back as poison with their text, beside the good ones. Throws WireFormatError when the
 * message as a whole cannot be read.
 */
export const decodeWireMessage = (bytes: Uint8Array): WireMessage => {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new WireFormatError('invalid_utf8', 'the message is not UTF-8');
  const headerEnd = text.indexOf('\n');
  const header = readJson(headerEnd === -1 ? text : text.slice(0, headerEnd));
  if (header.ok && isObject(header.value) && header.value['v'] === LINES_VERSION) {
    const receivedAt = receivedAtOf(header.value);
    if (headerEnd !== -1) return decodeLines(text.slice(headerEnd + 1), receivedAt);
    throw new WireFormatError('invalid_envelope', 'there is no line behind the header');
  }
  return decodeJson(text, headerEnd === -1 ? header : readJson(text));
};

const decodeLines = (text: string, receivedAt: string): WireMessage => {
  const decoded: WireMessage = { receivedAt, events: [], poison: [] };
  text.split('\n').forEach((line, index) => {
    const read = readEventLine(line);
    if (read.ok) decoded.events.push({ index, event: read.event });
    else decoded.poison.push(...poisonOf(index, read.problems, read.raw));
  });
  return decoded;
};

const decodeJson = (text: string, json: JsonText): WireMessage => {
  const { receivedAt, events } = readEnvelope(json);
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
    decoded.poison.push(...poisonOf(index, result.problems, raw.get(index) ?? ''));
  });
  return decoded;
};

const readEnvelope = (json: JsonText): { receivedAt: string; events: unknown[] } => {
  if (!json.ok) throw new WireFormatError('invalid_json', `the message is not JSON: ${json.where}`);
  const envelope = json.value;
  if (!isObject(envelope)) throw new WireFormatError('invalid_envelope', 'the message is not a JSON object');
  if (envelope['v'] !== JSON_VERSION) {
    const versions = `${JSON_VERSION} or ${LINES_VERSION}`;
    throw new WireFormatError('unknown_version', `the message is not of version ${versions}`);
  }
  const receivedAt = receivedAtOf(envelope);
  const { events } = envelope;
  if (!Array.isArray(events)) throw new WireFormatError('invalid_envelope', 'events is not an array');
  return { receivedAt, events };
};

const receivedAtOf = ({ received_at }: Record<string, unknown>): string => {
  const receivedMs = typeof received_at === 'string' ? parseInstantMs(received_at) : undefined;
  if (receivedMs === undefined || receivedMs < WIRE_LIMITS.minOccurredAtMs || receivedMs >= END_OF_TIME_MS) {
    throw new WireFormatError('invalid_envelope', 'received_at is not an RFC 3339 timestamp of our time');
  }
  return new Date(receivedMs).toISOString();
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

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
