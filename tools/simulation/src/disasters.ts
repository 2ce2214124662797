import { DISASTER_KINDS, DISASTERS, type Disaster } from './faults.js';
import type { World } from './world.js';

/** Has those disasters that the seed switched on happen again and again, until all heals. */
export function scheduleDisasters(world: World, befall: (kind: Disaster) => boolean): void {
  const { plan, time, random, faults, trace } = world;
  const owner = time.current();

  function next(kind: Disaster): void {
    const afterMs = -Math.log(1 - random.fraction()) * DISASTERS[kind] * 1_000;
    time.after(afterMs, owner, () => {
      if (faults.healed()) return;
      trace(() => kind.replaceAll('_', ' '));
      if (befall(kind)) faults.note(kind);
      next(kind);
    });
  }
  for (const kind of DISASTER_KINDS) if (plan.faults.has(kind)) next(kind);
}
