import { decodeUtf8 } from './body-text.js';
import type { ParseOptions } from './batch.js';
import { lineOf } from './event-line.js';
import { instantWindow, isPlainInstant, type InstantWindow } from './instant-window.js';
import { PLAIN_NUMBER, UTF8_BYTES_A_UNIT_MAX, UUID } from './json-patterns.js';
import { readOccurredAt } from './occurred-at.js';

/** An accepted event as the line that is published: see lineOf. */
export interface WrittenEvent {
  event_id: string;
  event_type: string;
  line: string;
}

// Texts and numbers that JSON.stringify writes again as they stand: no escape, no zero at an end, no exponent. No key
// begins with a digit: JavaScript would put it before the others.
const TEXT = String.raw`"[^"\\\x00-\x1f]*"`;
const KEY = String.raw`"([^"\\\x00-\x1f\d][^"\\\x00-\x1f]*)"`;
const SCALAR = `${TEXT}|${PLAIN_NUMBER}|true|false|null`;
// Bounded, as each turn of a loop of groups takes some of the stack of the regular expression.
const ARRAY = String.raw`\[(?:(?:${SCALAR})(?:,(?!\])|(?=\]))){0,100}\]`;
const MEMBER = `${KEY}:(?:${SCALAR}|${ARRAY})`;

const MEMBERS_MAX = 12;
const LEVELS_MAX = 2;
/** Each key is a group, so that repeated ones are found. */
const membersUpTo = (count: number): string =>
  count === 1 ? MEMBER : `${MEMBER}(?:,${membersUpTo(count - 1)})?`;
const PROPERTIES = String.raw`\{(?:${membersUpTo(MEMBERS_MAX)})?\}`;

const INSTANT = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const NAME = String.raw`[^"\\\x00-\x1f\x7f-\x9f]+`;

/** How a body begins, what stands between its events, and how it may end. */
const FORMS = {
  json: { begin: '{"events":[', separator: ',', ends: [']}'] },
  ndjson: { begin: '', separator: '\n', ends: ['', '\n'] },
};
const EVENT = new RegExp(
  `\\{"event_id":"(${UUID})","user_id":"(${NAME})","event_type":"(${NAME})","occurred_at":"(${INSTANT})"(?:,"properties":(${PROPERTIES}))?\\}`,
  'y',
);
const FIRST_KEY_AT = 6;
const NO_PROPERTIES = '{}';

/**
 * The events of a body, `{"events":[…]}` or one a line, in which each of them is valid and its fields already stand as
 * they are published: which is how JSON.stringify and its like write an event of ordinary properties. They are checked
 * by the same rules as by parseJsonBatch and parseNdjsonBatch, in a fraction of the time: nothing is parsed that is only
 * passed on. Undefined for any other body, be it right or wrong: those then tell.
 */
export const readWrittenEvents = (
  body: Uint8Array,
  format: keyof typeof FORMS,
  o: ParseOptions,
): WrittenEvent[] | undefined => {
  if (o.limits.maxPropertiesDepth < LEVELS_MAX) return undefined;
  const { begin, separator, ends } = FORMS[format];
  const text = decodeUtf8(body);
  if (!text?.startsWith(begin)) return undefined;
  const window = instantWindow(o.limits, o.nowMs);
  const found: Found[] = [];
  let lines = '';
  for (let at = begin.length; found.length < o.limits.maxEventsPerRequest; at = EVENT.lastIndex + 1) {
    EVENT.lastIndex = at;
    const match = EVENT.exec(text);
    if (match === null || !isWithinLimits(match, o, window) || repeatsKey(match)) return undefined;
    const [, event_id = '', user_id = '', event_type = '', occurred_at = '', properties = NO_PROPERTIES] =
      match;
    const start = lines.length;
    lines += lineOf({ event_id, occurred_at, user_id, event_type }, properties);
    found.push({ event_id, event_type, start, end: lines.length });
    const end = EVENT.lastIndex;
    if (ends.some((of) => text.length === end + of.length && text.endsWith(of))) return written(found, lines);
    if (text[end] !== separator) return undefined;
  }
  return undefined;
};

/** An event whose line is that part of all lines. */
interface Found {
  event_id: string;
  event_type: string;
  start: number;
  end: number;
}

/**
 * Lines are cut out of the text of all, one object each: put together one by one they would be nine, which the garbage
 * collector finds alive while the events wait for Redis and NATS.
 */
const written = (found: readonly Found[], lines: string): WrittenEvent[] =>
  found.map(({ event_id, event_type, start, end }) => ({
    event_id,
    event_type,
    line: lines.slice(start, end),
  }));

const isWithinLimits = (
  match: RegExpExecArray,
  { limits, nowMs }: ParseOptions,
  window: InstantWindow,
): boolean => {
  const [, , user_id = '', event_type = '', occurred_at = '', properties = ''] = match;
  return (
    user_id.length <= limits.maxUserIdLength &&
    event_type.length <= limits.maxEventTypeLength &&
    properties.length * UTF8_BYTES_A_UNIT_MAX <= limits.maxPropertiesBytes &&
    (isPlainInstant(occurred_at, window) || readOccurredAt(occurred_at, limits, nowMs).ok)
  );
};

/** JSON.parse keeps the last of several values of a key. */
const repeatsKey = (match: RegExpExecArray): boolean => {
  for (let at = FIRST_KEY_AT + 1; at < match.length && match[at] !== undefined; at += 1) {
    for (let earlier = FIRST_KEY_AT; earlier < at; earlier += 1) {
      if (match[earlier] === match[at]) return true;
    }
  }
  return false;
};
