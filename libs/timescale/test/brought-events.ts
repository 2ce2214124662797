import type { AcceptedEvent } from '@event-analytics/event-schema';

/** Who brought an event that came by itself. */
export const BY_ITSELF = 0;

/** What is to be in events, and whose it is: of each id and instant the first, with all who brought it; the first of them owns it. */
export function createBroughtEvents() {
  const stored = new Map<string, { event: AcceptedEvent; owner: number; by: Set<number> }>();
  return {
    /** @returns how many are new */
    bring(by: number, events: readonly AcceptedEvent[]): number {
      const before = stored.size;
      for (const event of events) {
        const key = `${event.event_id} ${Date.parse(event.occurred_at)}`;
        const found = stored.get(key);
        if (found === undefined) stored.set(key, { event, owner: by, by: new Set([by]) });
        else found.by.add(by);
      }
      return stored.size - before;
    },
    /**
     * @param o.beforeMs of the events before this instant: it was undone so far
     * @param o.dying imports that are being undone, which keep nothing
     * @returns of those that were its own, how many nobody else had brought, and how many others had
     */
    undo(
      importId: number,
      { beforeMs = Infinity, dying = new Set() }: { beforeMs?: number; dying?: ReadonlySet<number> } = {},
    ): { removed: number; kept: number } {
      let [removed, kept] = [0, 0];
      for (const [key, one] of stored) {
        const { event, by } = one;
        if (Date.parse(event.occurred_at) >= beforeMs || !by.delete(importId)) continue;
        // What is another's only loses a claim, also where that other is being undone and will remove it.
        if (one.owner !== importId) continue;
        const heirs = [...by].filter((other) => !dying.has(other));
        if (heirs.length === 0) {
          stored.delete(key);
          removed++;
        } else {
          // To nobody, if it came by itself as well: the smallest number of all.
          one.owner = Math.min(...heirs);
          kept++;
        }
      }
      return { removed, kept };
    },
    events: (): AcceptedEvent[] => [...stored.values()].map(({ event }) => event),
    size: () => stored.size,
  };
}
