import { randomUUID } from 'node:crypto';
import { writeEvents, type Database, type FoldMemory } from '@event-analytics/timescale';
import { foldEverything } from './build-index.js';
import { EVENT_TYPES, userId } from './population.js';
import { seededRandom } from './random.js';

/** How long before the end of the range such an event may have happened. */
const WITHIN_MS = 12 * 3_600_000;

/**
 * Writes one event of the last half day of the range and folds it: every question is answered anew after that.
 */
export function createLiveEvents(
  db: Database,
  memory: FoldMemory,
  { endMs, users }: { endMs: number; users: number },
): { next(): Promise<void>; written(): number } {
  const random = seededRandom(endMs, 1);
  let written = 0;
  return {
    written: () => written,
    async next() {
      const event = {
        event_id: randomUUID(),
        user_id: userId(Math.floor(random.unit() * users)),
        event_type: EVENT_TYPES[random.bits() % EVENT_TYPES.length] ?? '',
        occurred_at: new Date(endMs - 1 - Math.floor(random.unit() * WITHIN_MS)).toISOString(),
        properties: { path: '/live' },
      };
      const { inserted } = await writeEvents(db, [event]);
      if (inserted !== 1) throw new Error('a live event was not inserted');
      await foldEverything(db, memory);
      written++;
    },
  };
}
