import {
  BatchError,
  CEILING_LIMITS,
  decodeWireMessage,
  encodeWireMessages,
  messageOfJson,
  parseInstantMs,
  parseJsonBatch,
  WireFormatError,
  type AcceptedEvent,
  type EventProblem,
} from '@event-analytics/event-schema';
import { WHOLE_MESSAGE, type StoredDeadLetter } from '@event-analytics/nats-client';
import { isJson, payloadText } from './payload-text.js';

/** A payload that cannot be put back, with words for an operator. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

const MESSAGE_BYTES_MAX = 512 * 1_024;

/**
 * What puts a letter back into the event stream: a whole message as it was, an event in a message of its own that was
 * received when the event was. Throws PayloadError for an event that is no JSON: in a message it would spoil the message.
 */
export function messagesOfLetter(letter: StoredDeadLetter): Uint8Array[] {
  if (letter.index === WHOLE_MESSAGE) return [letter.payload];
  const text = payloadText(letter.payload);
  if (text === undefined || !isJson(text)) {
    throw new PayloadError('its payload is not JSON: mend it and give it with --payload');
  }
  return [messageOfJson(text, { receivedAt: receivedAtOf(letter) })];
}

/**
 * What puts `text` into the event stream in a letter's stead: one event, `{"events":[…]}` as it is posted, or a message of
 * either version. Judged as the writer will judge it; throws PayloadError that names all that is wrong.
 */
export function messagesOfPayload(text: Uint8Array, letter: StoredDeadLetter, nowMs: number): Uint8Array[] {
  const lines = linesOf(text);
  if (lines) return [checkedMessage(lines)];
  const value = readJson(text);
  if (isObject(value) && 'v' in value) return [checkedMessage(text)];
  const body = isObject(value) && 'events' in value ? text : asBody(text);
  const events = acceptedEvents(body, nowMs);
  return encodeWireMessages(events, { receivedAt: receivedAtOf(letter), maxBytes: MESSAGE_BYTES_MAX });
}

function readJson(payload: Uint8Array): unknown {
  const text = payloadText(payload);
  if (text === undefined) throw new PayloadError('it is not UTF-8');
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new PayloadError(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A message that is lines behind a header, without the line break that an editor leaves at its end. */
function linesOf(payload: Uint8Array): Uint8Array | undefined {
  const text = payloadText(payload) ?? '';
  const header = text.slice(0, text.indexOf('\n') + 1);
  if (!isJson(header) || isJson(text)) return undefined;
  const value = readJson(Buffer.from(header));
  return isObject(value) && 'v' in value ? Buffer.from(text.replace(/\n$/, '')) : undefined;
}

function asBody(event: Uint8Array): Uint8Array {
  const text = Buffer.from(event)
    .toString()
    .replace(/^\ufeff/, '');
  return Buffer.from(`{"events":[${text}]}`);
}

function acceptedEvents(body: Uint8Array, nowMs: number): AcceptedEvent[] {
  try {
    const { accepted, problems } = parseJsonBatch(body, { limits: CEILING_LIMITS, nowMs });
    if (problems.length > 0) throw new PayloadError(inWords(problems));
    return accepted.map(({ event }) => event);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    throw new PayloadError([error.message, ...error.problems.map(({ message }) => message)].join(' '));
  }
}

function checkedMessage(message: Uint8Array): Uint8Array {
  try {
    const { poison } = decodeWireMessage(message);
    if (poison.length === 0) return message;
    throw new PayloadError(
      poison.map(({ index, message: words }) => `event ${String(index)}: ${words}`).join('; '),
    );
  } catch (error) {
    if (!(error instanceof WireFormatError)) throw error;
    throw new PayloadError(error.message);
  }
}

function inWords(problems: readonly EventProblem[]): string {
  const isOne = problems.every(({ index }) => index === 0);
  return problems
    .map(({ index, message }) => (isOne ? message : `event ${String(index)}: ${message}`))
    .join('; ');
}

function receivedAtOf({ receivedAt, storedAtMs }: StoredDeadLetter): string {
  const receivedMs = receivedAt === undefined ? undefined : parseInstantMs(receivedAt);
  // Where it is not known, it was before the letter was put.
  return new Date(receivedMs ?? storedAtMs).toISOString();
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
