import { z } from 'zod';
import { DEFAULT_LIMITS, type EventLimits } from './limits.js';
import { readOccurredAt } from './occurred-at.js';
import type { EventProblemCode } from './problems.js';
import { propertiesProblems } from './properties-rules.js';
import { nameType, quoteValue } from './quoting.js';
import { nameProblems } from './text-rules.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID of any version, in any letter case. */
export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

/** An issue that carries its problem code, which `problemsOf` reads back. */
const issue = (input: unknown, code: EventProblemCode, message: string, path: PropertyKey[] = []) => ({
  code: 'custom' as const,
  input,
  message,
  path,
  params: { code },
});

const eventId = () =>
  z
    .string()
    .check((ctx) => {
      if (isUuid(ctx.value)) ctx.value = ctx.value.toLowerCase();
      else {
        const message = `event_id is no UUID: ${quoteValue(ctx.value)}; send one like "018f4e5a-9c1b-7c3d-8e2f-0123456789ab".`;
        ctx.issues.push(issue(ctx.value, 'invalid_uuid', message));
      }
    })
    .meta({
      description:
        'UUID of any version, in any letter case: the idempotency key. Sending the same id again counts once.',
      format: 'uuid',
      examples: ['018f4e5a-9c1b-7c3d-8e2f-0123456789ab'],
    });

const name = (path: string, maxLength: number, o: { description: string; example: string }) =>
  z
    .string()
    .check((ctx) => {
      for (const problem of nameProblems(path, ctx.value, maxLength)) {
        ctx.issues.push(issue(ctx.value, problem.code, problem.message));
      }
    })
    // JSON Schema counts code points, as these rules do; zod's own min and max count UTF-16 units.
    .meta({
      description: `${o.description} 1–${maxLength} code points, well-formed Unicode, no control characters.`,
      minLength: 1,
      maxLength,
      examples: [o.example],
    });

const occurredAt = (limits: EventLimits, nowMs: () => number) =>
  z
    .string()
    .check((ctx) => {
      const read = readOccurredAt(ctx.value, limits, nowMs());
      if (read.ok) ctx.value = read.iso;
      else ctx.issues.push(issue(ctx.value, read.problem.code, read.problem.message));
    })
    .meta({
      description:
        'When it happened: RFC 3339 with an offset. The instant counts, truncated to milliseconds; ' +
        `not before ${new Date(limits.minOccurredAtMs).toISOString()}, at most ${limits.maxFutureMs / 3_600_000} h in the future.`,
      format: 'date-time',
      examples: ['2024-01-31T23:59:59.999Z', '2024-02-01T00:59:59.999+01:00'],
    });

const properties = (limits: EventLimits) =>
  // Not z.record: it copies, and leaves `__proto__` out of its copy.
  (
    z
      .unknown()
      .check((ctx) => {
        const value = ctx.value;
        if (typeof value !== 'object' || value === null || Array.isArray(value)) {
          const message = `properties must be a JSON object, not ${nameType(value)}: send {} or leave it out.`;
          ctx.issues.push(issue(value, 'invalid_type', message));
          return;
        }
        for (const problem of propertiesProblems(value as Record<string, unknown>, limits)) {
          ctx.issues.push(issue(undefined, problem.code, problem.message, problem.segments));
        }
      })
      .meta({
        type: 'object',
        additionalProperties: true,
        description:
          `Anything else about the event, at most ${limits.maxPropertiesBytes} bytes as compact UTF-8 JSON and ` +
          `${limits.maxPropertiesDepth} levels deep; no NUL, no lone surrogate, no number that JavaScript would read as another (1e400, 2^53+1: send those as strings).`,
        examples: [{ plan: 'pro', amount: 12.5 }],
      }) as z.ZodType<Record<string, unknown>>
  ).default({});

/**
 * The zod schema of one event: it validates, normalises to an AcceptedEvent, and OpenAPI is made
 * from it. `nowMs` is the clock that the future limit is measured by. What a number looked like in
 * the JSON text is gone once it is parsed: `number_precision` is the batch parsers' business.
 */
export const createEventSchema = (limits: EventLimits, nowMs: () => number) =>
  z
    .strictObject({
      event_id: eventId(),
      user_id: name('user_id', limits.maxUserIdLength, {
        description: 'Who did it; compared exactly.',
        example: 'user-42',
      }),
      event_type: name('event_type', limits.maxEventTypeLength, {
        description: 'What was done; compared exactly.',
        example: 'page_view',
      }),
      occurred_at: occurredAt(limits, nowMs),
      properties: properties(limits),
    })
    .meta({ description: 'One thing that one user did. Other fields are refused (`unknown_field`).' });

export type EventSchema = ReturnType<typeof createEventSchema>;
/** An event as a client may send it. */
export type EventInput = z.input<EventSchema>;

/** The schema at the default limits and the machine's clock. */
export const eventSchema = createEventSchema(DEFAULT_LIMITS, () => Date.now());
