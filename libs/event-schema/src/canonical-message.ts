import { decodeUtf8 } from './body-text.js';
import { objectPattern, UTF8_BYTES_A_UNIT_MAX, UUID } from './json-patterns.js';
import { CEILING_LIMITS } from './limits.js';
import { mayHoldChangedNumber } from './number-precision.js';
import { parseInstantMs } from './occurred-at.js';

/** An AcceptedEvent whose properties stayed text. Its fields are getters: a spread leaves them out. */
export interface CanonicalEvent {
  event_id: string;
  user_id: string;
  event_type: string;
  /** `YYYY-MM-DDTHH:mm:ss.SSSZ` */
  occurred_at: string;
  /** JSON on one line, without a control character. */
  properties_json: string;
  /** As occurred_at; that of the message. */
  received_at: string;
}

// What JSON.stringify writes for texts: a \u it only has for what no event may hold.
const TEXT = String.raw`"[^"\\\x00-\x1f]*(?:\\["\\bfnrt][^"\\\x00-\x1f]*)*"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
// What goes deeper is read the other way.
const PROPERTIES = objectPattern({ text: TEXT, number: NUMBER, blank: '' });

const INSTANT = String.raw`(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`;
const NAME = String.raw`[^"\\\p{Cc}]+`;

const ENVELOPE = new RegExp(String.raw`\{"v":1,"received_at":"(${INSTANT})","events":\[`, 'y');
const EVENT = new RegExp(
  `\\{"event_id":"${UUID}","user_id":"${NAME}","event_type":"${NAME}","occurred_at":"${INSTANT}","properties":${PROPERTIES}\\}`,
  'yu',
);
const END = ']}';
// Where the fields of an event begin, and how long those are that all have one length.
const ID_AT = '{"event_id":"'.length;
const ID_LENGTH = 36;
const USER_AT = ID_AT + ID_LENGTH + '","user_id":"'.length;
const TYPE_BEHIND = '","event_type":"'.length;
const INSTANT_BEHIND = '","occurred_at":"'.length;
const INSTANT_LENGTH = 24;
const PROPERTIES_BEHIND = INSTANT_BEHIND + INSTANT_LENGTH + '","properties":'.length;

const LONG_NUMBER = /\d(?:[eE]|[\d.]{15})/;
// A month's last days: not every month has them.
const DAY_AT = 8;
const DAY_IN_EVERY_MONTH_MAX = '28';

/**
 * The events of a message as the gateway writes it, checked by the same ceilings as decodeWireMessage, in a fraction of
 * its time: nothing is parsed that is only passed on. Undefined for a message that holds anything else, be it right or
 * wrong: decodeWireMessage then tells.
 */
export const readCanonicalMessage = (bytes: Uint8Array): CanonicalEvent[] | undefined => {
  const text = decodeUtf8(bytes);
  if (text === undefined) return undefined;
  ENVELOPE.lastIndex = 0;
  const receivedAt = ENVELOPE.exec(text)?.[1];
  if (receivedAt === undefined || !isDate(receivedAt)) return undefined;
  const events: CanonicalEvent[] = [];
  for (let at = ENVELOPE.lastIndex; ; at = EVENT.lastIndex + 1) {
    EVENT.lastIndex = at;
    if (!EVENT.test(text)) return undefined;
    const event = new EventText(text, at, EVENT.lastIndex, receivedAt);
    if (!isWithinCeilings(event)) return undefined;
    events.push(event);
    if (text[EVENT.lastIndex] === ',') continue;
    return text.startsWith(END, EVENT.lastIndex) && text.length === EVENT.lastIndex + END.length
      ? events
      : undefined;
  }
};

/**
 * An event where it stands in its message. A field is a text only while somebody looks at it: thousands of events wait
 * for the database at a time, and what the garbage collector finds of them costs more than to cut them out.
 */
class EventText implements CanonicalEvent {
  readonly #text: string;
  readonly #start: number;
  readonly #userEnd: number;
  readonly #typeEnd: number;
  readonly #end: number;
  readonly received_at: string;

  /** @param text what EVENT matches in it between start and end */
  constructor(text: string, start: number, end: number, receivedAt: string) {
    this.#text = text;
    this.#start = start;
    this.#userEnd = text.indexOf('"', start + USER_AT);
    this.#typeEnd = text.indexOf('"', this.#userEnd + TYPE_BEHIND);
    this.#end = end;
    this.received_at = receivedAt;
  }

  get event_id() {
    return this.#text.slice(this.#start + ID_AT, this.#start + ID_AT + ID_LENGTH);
  }

  get user_id() {
    return this.#text.slice(this.#start + USER_AT, this.#userEnd);
  }

  get event_type() {
    return this.#text.slice(this.#userEnd + TYPE_BEHIND, this.#typeEnd);
  }

  get occurred_at() {
    return this.#text.slice(this.#typeEnd + INSTANT_BEHIND, this.#typeEnd + INSTANT_BEHIND + INSTANT_LENGTH);
  }

  get properties_json() {
    return this.#text.slice(this.#typeEnd + PROPERTIES_BEHIND, this.#end - 1);
  }
}

const isDate = (instant: string): boolean =>
  instant.slice(DAY_AT, DAY_AT + 2) <= DAY_IN_EVERY_MONTH_MAX || parseInstantMs(instant) !== undefined;

const isWithinCeilings = ({ user_id, event_type, occurred_at, properties_json }: CanonicalEvent): boolean =>
  isDate(occurred_at) &&
  user_id.length <= CEILING_LIMITS.maxUserIdLength &&
  event_type.length <= CEILING_LIMITS.maxEventTypeLength &&
  properties_json.length * UTF8_BYTES_A_UNIT_MAX <= CEILING_LIMITS.maxPropertiesBytes &&
  !(LONG_NUMBER.test(properties_json) && mayHoldChangedNumber(properties_json));
