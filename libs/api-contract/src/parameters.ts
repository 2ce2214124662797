import { isLocalDate, isTimeZone } from '@event-analytics/calendar';
import { DEFAULT_LIMITS, nameProblems, parseInstantMs, quoteValue } from '@event-analytics/event-schema';
import { z } from 'zod';
import { FIRST_DATE, LAST_DATE } from './date-range.js';
import { issueOf, type ParameterProblemCode } from './parameter-problem.js';
import { parseStepList } from './step-list.js';

type Issue = { code: ParameterProblemCode; message: string };
interface Described {
  description: string;
  examples: [string | number, ...(string | number)[]];
}

/** Long enough for every valid value, so that no check reads a text of megabytes. */
const MAX_VALUE_LENGTH = 1_024;

const FIRST_INSTANT_MS = Date.parse(`${FIRST_DATE}T00:00:00Z`);
const LAST_INSTANT_MS = Date.parse(`${LAST_DATE}T23:59:59.999Z`);

/** One parameter as it stands in the query: text that keeps a rule. */
function parameter(
  name: string,
  example: string | number,
  problemsOf: (text: string) => Issue[],
  maxLength = MAX_VALUE_LENGTH,
) {
  return z
    .string({
      error: ({ input }) =>
        input === undefined
          ? `${name} is required: send one like ${name}=${example}.`
          : Array.isArray(input)
            ? `${name} is given ${input.length} times: send it once.`
            : `${name} must be a text: send one like ${name}=${example}.`,
    })
    .superRefine((text, ctx) => {
      const problems: Issue[] =
        text.length > maxLength
          ? [{ code: 'too_long', message: `${name} is ${text.length} characters long: ${quoteValue(text)}.` }]
          : problemsOf(text);
      for (const { code, message } of problems) ctx.addIssue(issueOf(code, message));
    });
}

/** A calendar day, `YYYY-MM-DD`. */
export const dateParameter = (name: string, meta: Described) =>
  parameter(name, meta.examples[0], (text) => {
    if (!isLocalDate(text)) {
      const message = `${name} is no date that exists: ${quoteValue(text)}; send one like 2024-02-29.`;
      return [{ code: 'invalid_date', message }];
    }
    if (text >= FIRST_DATE && text <= LAST_DATE) return [];
    return [
      { code: 'out_of_range', message: `${name} must lie from ${FIRST_DATE} to ${LAST_DATE}, not ${text}.` },
    ];
  }).meta({ ...meta, format: 'date' });

/** An integer of min…max, read from its digits. */
export const integerParameter = (
  name: string,
  o: { min: number; max: number; rule?: string },
  meta: Described & { default?: number },
) => {
  const rule = o.rule ?? `${o.min} to ${o.max}`;
  return parameter(name, meta.examples[0], (text) => {
    if (!/^-?\d{1,15}$/.test(text)) {
      const message = `${name} must be an integer, ${rule}, not ${quoteValue(text)}: send digits only.`;
      return [{ code: 'invalid_integer', message }];
    }
    const value = Number(text);
    if (value >= o.min && value <= o.max) return [];
    return [{ code: 'out_of_range', message: `${name} must be ${rule}, not ${value}.` }];
  })
    .transform(Number)
    .meta({ ...meta, type: 'integer', minimum: o.min, maximum: o.max });
};

/** One of a few words. */
export const choiceParameter = <const Word extends string>(
  name: string,
  words: readonly [Word, ...Word[]],
  meta: Described & { default?: Word },
) => {
  const isWord = (text: string): text is Word => words.some((word) => word === text);
  return parameter(name, meta.examples[0], (text) => {
    if (isWord(text)) return [];
    return [
      {
        code: 'invalid_value',
        message: `${name} must be one of ${words.join(', ')}, not ${quoteValue(text)}.`,
      },
    ];
  })
    .transform((text) => (isWord(text) ? text : z.NEVER))
    .meta({ ...meta, enum: [...words] });
};

/** An event type, to be compared exactly; the same rules as of an event's own. */
export const eventTypeParameter = (name: string, meta: Described) =>
  parameter(name, meta.examples[0], (text) => eventTypeIssues(name, text)).meta({
    ...meta,
    minLength: 1,
    maxLength: DEFAULT_LIMITS.maxEventTypeLength,
  });

const eventTypeIssues = (name: string, text: string): Issue[] =>
  nameProblems(name, text, DEFAULT_LIMITS.maxEventTypeLength).flatMap(({ code, message }) =>
    isNameCode(code) ? [{ code, message }] : [],
  );

const NAME_CODES = ['too_short', 'too_long', 'control_character', 'nul_character', 'lone_surrogate'] as const;
const isNameCode = (code: string): code is (typeof NAME_CODES)[number] =>
  NAME_CODES.some((name) => name === code);

/** Event types between commas, each once; a comma or a backslash within one stands behind a backslash. */
export const stepsParameter = (name: string, o: { min: number; max: number }, meta: Described) => {
  // Each character of a step is at most two units: half of a pair, or escaped.
  const maxLength = o.max * (2 * DEFAULT_LIMITS.maxEventTypeLength + 1);
  return parameter(name, meta.examples[0], (text) => stepIssues(name, text, o), maxLength)
    .transform((text) => parseStepList(text) ?? z.NEVER)
    .meta({ ...meta });
};

function stepIssues(name: string, text: string, { min, max }: { min: number; max: number }): Issue[] {
  const steps = parseStepList(text);
  if (steps === undefined) {
    const message = String.raw`${name} holds a backslash before neither a comma nor a backslash: write \\ for a backslash and \, for a comma within an event type.`;
    return [{ code: 'invalid_escape', message }];
  }
  if (steps.length < min || steps.length > max) {
    const message = `${name} must be ${min} to ${max} event types between commas, not ${steps.length}.`;
    return [{ code: 'out_of_range', message }];
  }
  return steps.flatMap((step, i): Issue[] => {
    const place = `step ${i + 1} of ${name}`;
    const issues = eventTypeIssues(place, step);
    if (issues.length > 0 || steps.indexOf(step) === i) return issues;
    const message = `${place} is the same as step ${steps.indexOf(step) + 1}, ${quoteValue(step)}: send each event type once.`;
    return [{ code: 'repeated_step', message }];
  });
}

/** A name of the tz database. */
export const timezoneParameter = () =>
  parameter('timezone', 'UTC', (text) => {
    if (isTimeZone(text)) return [];
    const message = `timezone is no IANA time zone name known here: ${quoteValue(text)}; send one like Europe/Berlin, or leave it out.`;
    return [{ code: 'unknown_timezone', message }];
  }).meta({
    description:
      'IANA time zone name (no offset) that decides which calendar day an instant belongs to, daylight saving time included. Default: the first of the REPORTING_TIMEZONES of the service, `UTC` where that is not set. Zones that are not listed there are answered too, only slower.',
    examples: ['UTC', 'America/New_York'],
  });

/** An instant, normalised to `YYYY-MM-DDTHH:mm:ss.SSSZ`. */
export const asOfParameter = () =>
  parameter('as_of', '2024-03-12T18:00:00Z', (text) => {
    const instantMs = parseInstantMs(text);
    if (instantMs === undefined) {
      const hint = /\d \d\d:\d\d$/.test(text) ? ' (a + in a URL is written %2B)' : '';
      const message = `as_of is no RFC 3339 timestamp with an offset, or no date that exists: ${quoteValue(text)}${hint}; send one like 2024-03-12T18:00:00Z.`;
      return [{ code: 'invalid_timestamp', message }];
    }
    if (instantMs >= FIRST_INSTANT_MS && instantMs <= LAST_INSTANT_MS) return [];
    return [
      {
        code: 'out_of_range',
        message: `as_of must lie from ${FIRST_DATE} to ${LAST_DATE} (UTC), not ${quoteValue(text)}.`,
      },
    ];
  })
    .transform((text) => new Date(parseInstantMs(text) ?? NaN).toISOString())
    .meta({
      description:
        'RFC 3339 instant with an offset (a `+` is written `%2B` in a URL), from which periods count as over or not yet begun. Only `complete` and `null` depend on it, never a count nor the range. Default: now.',
      examples: ['2024-03-12T18:00:00Z'],
      format: 'date-time',
    });
