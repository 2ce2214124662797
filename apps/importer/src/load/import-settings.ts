import type { EventLimits } from '@event-analytics/event-schema';
import { z } from 'zod';

import { EVENT_FIELDS, PRESET_NAMES } from '../read/event-fields.js';
import type { ReadSettings } from '../read/read-settings.js';

/** What decides which events an input holds. */
export interface ImportSettings {
  read: ReadSettings;
  limits: Pick<EventLimits, 'minOccurredAtMs' | 'maxAgeMs' | 'maxFutureMs'>;
  /** When it was asked for anew: then it is another import than those before it. */
  again: string | undefined;
}

const field = z.enum(EVENT_FIELDS);

const stored = z.object({
  format: z.enum(['csv', 'ndjson', 'parquet']),
  columns: z.partialRecord(field, z.string()),
  extraColumns: z.enum(['refuse', 'ignore', 'properties']),
  defaultEventType: z.string().optional(),
  timestamps: z.enum(['rfc3339', 'epoch-seconds', 'epoch-milliseconds']),
  timezone: z.string().optional(),
  eventIdFrom: z.array(field).optional(),
  preset: z.enum(PRESET_NAMES).optional(),
  limits: z.object({
    minOccurredAtMs: z.number(),
    /** null: there is none. */
    maxAgeMs: z.number().nullable(),
    maxFutureMs: z.number(),
  }),
  again: z.string().optional(),
});

/** As they are stored with the import: two imports that read alike have the same. */
export function storedSettings({ read, limits, again }: ImportSettings): Record<string, unknown> {
  const { minOccurredAtMs, maxAgeMs, maxFutureMs } = limits;
  return {
    ...read,
    limits: { minOccurredAtMs, maxAgeMs: Number.isFinite(maxAgeMs) ? maxAgeMs : null, maxFutureMs },
    again,
  };
}

/** @throws ZodError for what storedSettings has not made */
export function readStoredSettings(settings: unknown): ImportSettings {
  const { limits, again, ...read } = stored.parse(settings);
  const { defaultEventType, timezone, eventIdFrom, preset } = read;
  return {
    read: { ...read, defaultEventType, timezone, eventIdFrom, preset },
    limits: { ...limits, maxAgeMs: limits.maxAgeMs ?? Infinity },
    again,
  };
}
