import type { AcceptedEvent } from './accepted-event.js';
import { decodeUtf8 } from './body-text.js';
import { readEventLine } from './event-line.js';
import { MONTH_AND_DAY, UTF8_BYTES_A_UNIT_MAX, UUID } from './json-patterns.js';
import { CEILING_LIMITS } from './limits.js';
import { mayHoldChangedNumber } from './number-precision.js';
import { parseInstantMs } from './occurred-at.js';
import { poisonOf, type WireMessage } from './wire-message.js';

/** An event that stayed the line it was. Its fields may be getters: a spread leaves them out. */
export interface LineEvent extends Omit<AcceptedEvent, 'properties'> {
  /** JSON on one line, or what is taken for it. */
  properties_json: string;
  /** As occurred_at; that of the message. */
  received_at: string;
  /** As lineOf would make it of the other fields. */
  line: string;
}

const LEAP_DAY = '02-29';
const INSTANT = String.raw`(?:19|20)\d\d-(?:${MONTH_AND_DAY}|${LEAP_DAY})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`;
// Of characters that take one or two units: as many code points as units, or fewer.
const nameUpTo = (length: number) => String.raw`[^\x00-\x1f\x7f-\x9f]{1,${length}}`;
const USER = nameUpTo(CEILING_LIMITS.maxUserIdLength);
const TYPE = nameUpTo(CEILING_LIMITS.maxEventTypeLength);

const HEADER = new RegExp(String.raw`^\{"v":2,"received_at":"(${INSTANT})"\}\n`);
const LINE = new RegExp(String.raw`${UUID}\t${INSTANT}\t${USER}\t${TYPE}\t\{[^\x00-\x1f]*\}`, 'y');
// Where the fields begin, as far as those before them all have one length.
const ID_LENGTH = 36;
const INSTANT_AT = ID_LENGTH + 1;
const INSTANT_LENGTH = 24;
const USER_AT = INSTANT_AT + INSTANT_LENGTH + 1;
/** In an instant. */
const MONTH_AT = '2024-'.length;

const LONG_NUMBER = /\d(?:[eE]|[\d.]{15})/;
const BRACKET = /[[{]/g;
// A level is a bracket at either end.
const TOO_DEEP_LENGTH_MIN = 2 * CEILING_LIMITS.maxPropertiesDepth;

/**
 * The events of a message of version 2, checked by the same rules as by decodeWireMessage in a fraction of its time:
 * nothing is parsed that is only passed on. A line that is not as the gateway writes one is read as it is read there,
 * on its own. Undefined for a message whose header is not as the gateway writes it, be it right or wrong:
 * decodeWireMessage then tells.
 *
 * Of an event that stayed a line, everything is as decodeWireMessage would have it but that its `properties_json`
 * was not parsed. It is a text between braces, within the ceilings of bytes and levels, without a control character and
 * without a number that JavaScript would change. It may be no JSON, or JSON of a text that cannot be stored (`\u0000`,
 * half of a surrogate pair): who stores it must expect to be told.
 */
export const readLineMessage = (bytes: Uint8Array): WireMessage<LineEvent | AcceptedEvent> | undefined => {
  const text = decodeUtf8(bytes);
  if (text === undefined) return undefined;
  const [header, receivedAt] = HEADER.exec(text) ?? [];
  if (header === undefined || receivedAt === undefined || !isDate(receivedAt)) return undefined;
  const message: WireMessage<LineEvent | AcceptedEvent> = { receivedAt, events: [], poison: [] };
  for (let at = header.length, index = 0; at <= text.length; index += 1) {
    const end = endOfLine(text, at);
    if (isPlainLine(text, at, end)) {
      message.events.push({ index, event: new LineText(text, at, end, receivedAt) });
    } else {
      const read = readEventLine(text.slice(at, end));
      if (read.ok) message.events.push({ index, event: read.event });
      else message.poison.push(...poisonOf(index, read.problems, read.raw));
    }
    at = end + 1;
  }
  return message;
};

/**
 * A line where it stands in its message. A field is a text only while somebody looks at it: thousands of events wait
 * for the database at a time, and what the garbage collector finds of them costs more than to cut them out.
 */
class LineText implements LineEvent {
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  readonly received_at: string;

  /** @param text what isPlainLine takes between start and end */
  constructor(text: string, start: number, end: number, receivedAt: string) {
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.received_at = receivedAt;
  }

  get line() {
    return this.#text.slice(this.#start, this.#end);
  }

  get event_id() {
    return this.#text.slice(this.#start, this.#start + ID_LENGTH);
  }

  get occurred_at() {
    return this.#text.slice(this.#start + INSTANT_AT, this.#start + INSTANT_AT + INSTANT_LENGTH);
  }

  get user_id() {
    return this.#text.slice(this.#start + USER_AT, typeAt(this.#text, this.#start) - 1);
  }

  get event_type() {
    return this.#text.slice(typeAt(this.#text, this.#start), propertiesAt(this.#text, this.#start) - 1);
  }

  get properties_json() {
    return this.#text.slice(propertiesAt(this.#text, this.#start), this.#end);
  }
}

const endOfLine = (text: string, start: number): number => {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
};

const isPlainLine = (text: string, start: number, end: number): boolean => {
  LINE.lastIndex = start;
  if (!LINE.test(text) || LINE.lastIndex !== end || !isDate(text, start + INSTANT_AT)) return false;
  const properties = text.slice(propertiesAt(text, start), end);
  return (
    properties.length * UTF8_BYTES_A_UNIT_MAX <= CEILING_LIMITS.maxPropertiesBytes &&
    (properties.length < TOO_DEEP_LENGTH_MIN || !mayBeTooDeep(properties)) &&
    !(LONG_NUMBER.test(properties) && mayHoldChangedNumber(properties))
  );
};

const typeAt = (text: string, start: number): number => text.indexOf('\t', start + USER_AT) + 1;
const propertiesAt = (text: string, start: number): number => text.indexOf('\t', typeAt(text, start)) + 1;

/** Of an INSTANT: not every year has its 29 February. */
const isDate = (text: string, instantAt = 0): boolean =>
  !text.startsWith(LEAP_DAY, instantAt + MONTH_AT) ||
  parseInstantMs(text.slice(instantAt, instantAt + INSTANT_LENGTH)) !== undefined;

/** Brackets in texts count as well. */
const mayBeTooDeep = (properties: string): boolean =>
  (properties.match(BRACKET)?.length ?? 0) > CEILING_LIMITS.maxPropertiesDepth;
