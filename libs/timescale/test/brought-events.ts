import type { AcceptedEvent } from '@event-analytics/event-schema';

/** Who brought an event that came by itself. */
export const BY_ITSELF = 0;

/** What is to be in events, and whose it is: of each id and instant the first, with all who brought it. */
export function createBroughtEvents() {
  const stored = new Map<string, { event: AcceptedEvent; by: Set<number> }>();
  return {
    /** @returns how many are new */
    bring(by: number, events: readonly AcceptedEvent[]): number {
      const before = stored.size;
      for (const event of events) {
        const key = `${event.event_id} ${Date.parse(event.occurred_at)}`;
        const found = stored.get(key);
        if (found === undefined) stored.set(key, { event, by: new Set([by]) });
        else found.by.add(by);
      }
      return stored.size - before;
    },
    /**
     * @param o.beforeMs of the events before this instant: it was undone so far
     * @param o.dying imports that are being undone, which keep nothing
     * @returns how many nobody else had brought, and how many others had
     */
    undo(
      importId: number,
      { beforeMs = Infinity, dying = new Set() }: { beforeMs?: number; dying?: ReadonlySet<number> } = {},
    ): { removed: number; kept: number } {
      let [removed, kept] = [0, 0];
      for (const [key, { event, by }] of stored) {
        if (Date.parse(event.occurred_at) >= beforeMs || !by.delete(importId)) continue;
        if ([...by].some((other) => !dying.has(other))) kept++;
        else if (stored.delete(key)) removed++;
      }
      return { removed, kept };
    },
    events: (): AcceptedEvent[] => [...stored.values()].map(({ event }) => event),
    size: () => stored.size,
  };
}
