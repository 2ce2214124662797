import type { FieldProblem } from '@event-analytics/event-schema';

/** The fields of an event, as they are named in POST /events. */
export const EVENT_FIELDS = ['event_id', 'user_id', 'event_type', 'occurred_at', 'properties'] as const;

export type EventField = (typeof EVENT_FIELDS)[number];

/**
 * What a record says an event is, before it is validated: values as JSON.parse would make them. What the record does
 * not say is undefined.
 */
export type EventFields = Record<EventField, unknown>;

export const PRESET_NAMES = ['posthog', 'mixpanel', 'amplitude', 'segment'] as const;

export type PresetName = (typeof PRESET_NAMES)[number];

/** How the export of a product is read. */
export interface Preset {
  name: PresetName;
  formats: readonly ('csv' | 'ndjson')[];
  /**
   * `record`: of CSV, its cells by column name, as text; of NDJSON, the object of its line. Returns what stands in the
   * way where it is no event that can be told.
   */
  toEvent(
    record: Readonly<Record<string, unknown>>,
    o: {
      /** IANA name: of timestamps without an offset. Undefined: the preset's documented zone, or they are refused. */
      timezone: string | undefined;
    },
  ): EventFields | FieldProblem[];
}
