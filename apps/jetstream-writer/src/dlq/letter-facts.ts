import { WHOLE_MESSAGE, type StoredDeadLetter } from '@event-analytics/nats-client';
import { payloadText } from './payload-text.js';

/** What a payload tells of its event: only what stands there as text. */
export interface EventFacts {
  eventId: string | null;
  userId: string | null;
  eventType: string | null;
}

const NOTHING: EventFacts = { eventId: null, userId: null, eventType: null };

export function eventFacts({ index, payload }: Pick<StoredDeadLetter, 'index' | 'payload'>): EventFacts {
  const text = index === WHOLE_MESSAGE ? undefined : payloadText(payload);
  if (text === undefined) return NOTHING;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return NOTHING;
  }
  if (typeof value !== 'object' || value === null) return NOTHING;
  const fields = value as Record<string, unknown>;
  const textOf = (name: string): string | null => {
    const field = fields[name];
    return typeof field === 'string' ? field : null;
  };
  return { eventId: textOf('event_id'), userId: textOf('user_id'), eventType: textOf('event_type') };
}

/** A letter as a JSON object: everything that is known of it, its payload included. */
export function letterJson(letter: StoredDeadLetter, nowMs: number): Record<string, unknown> {
  const { eventId, userId, eventType } = eventFacts(letter);
  const text = payloadText(letter.payload);
  return {
    sequence: letter.sequence,
    copies: letter.copies,
    time: new Date(letter.storedAtMs).toISOString(),
    age_seconds: ageSeconds(letter, nowMs),
    reason: letter.reason,
    error: letter.error,
    attempts: letter.attempts ?? null,
    stream_sequence: letter.streamSequence ?? null,
    stream_epoch: letter.streamEpoch ?? null,
    index: letter.index,
    received_at: letter.receivedAt ?? null,
    event_id: eventId,
    user_id: userId,
    event_type: eventType,
    ...(text === undefined
      ? { payload_base64: Buffer.from(letter.payload).toString('base64') }
      : { payload: text }),
  };
}

export function ageSeconds({ storedAtMs }: Pick<StoredDeadLetter, 'storedAtMs'>, nowMs: number): number {
  return Math.max(0, Math.round((nowMs - storedAtMs) / 1_000));
}

/** 45s, 12m, 3h, 8d. */
export function shortAge(seconds: number): string {
  if (seconds < 120) return `${String(seconds)}s`;
  if (seconds < 7_200) return `${String(Math.floor(seconds / 60))}m`;
  if (seconds < 172_800) return `${String(Math.floor(seconds / 3_600))}h`;
  return `${String(Math.floor(seconds / 86_400))}d`;
}
