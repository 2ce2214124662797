/** What all event types beyond the bound are counted as. */
export const OTHER_EVENT_TYPES = 'other';

/**
 * Which label an event type is counted under: its own for the first `maxLabels` types met, `other` for the
 * rest. Clients choose event types, and every label value is a series kept for ever.
 */
export function createEventTypeLabels(maxLabels: number): (eventType: string) => string {
  const known = new Map<string, string>();
  return (eventType) => {
    const label = known.get(eventType);
    if (label !== undefined) return label;
    if (known.size >= maxLabels) return OTHER_EVENT_TYPES;
    // A text cut from a body holds all of the body in memory.
    const own = Buffer.from(eventType).toString();
    known.set(own, own);
    return own;
  };
}
