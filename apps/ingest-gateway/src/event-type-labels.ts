/** What all event types beyond the bound are counted as. */
export const OTHER_EVENT_TYPES = 'other';

/**
 * Which label an event type is counted under: its own for the first `maxLabels` types met, `other` for the
 * rest. Clients choose event types, and every label value is a series kept for ever.
 */
export function createEventTypeLabels(maxLabels: number): (eventType: string) => string {
  const known = new Set<string>();
  return (eventType) => {
    if (known.has(eventType)) return eventType;
    if (known.size >= maxLabels) return OTHER_EVENT_TYPES;
    known.add(eventType);
    return eventType;
  };
}
