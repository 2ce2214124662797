import {
  parseJsonBatch,
  parseNdjsonBatch,
  readWrittenEvents,
  type EventLimits,
  type EventProblem,
  type WireEvent,
} from '@event-analytics/event-schema';

/** A body whose every event was looked at: those that are valid, in their order, and what is wrong with the others. */
export interface ReadBatch {
  total: number;
  events: readonly WireEvent[];
  problems: readonly EventProblem[];
}

export type BatchFormat = 'json' | 'ndjson';

/** Reads bodies; throws BatchError for one that is wrong as a whole. */
export function createReadBatch(limits: EventLimits) {
  return (body: Uint8Array, format: BatchFormat, nowMs: number): ReadBatch => {
    const o = { limits, nowMs };
    const written = readWrittenEvents(body, format, o);
    if (written) return { total: written.length, events: written, problems: [] };
    const { total, accepted, problems } = (format === 'json' ? parseJsonBatch : parseNdjsonBatch)(body, o);
    return { total, events: accepted.map(({ event }) => event), problems };
  };
}
