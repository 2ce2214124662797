import type { Faults } from './faults.js';
import type { Plan } from './plan.js';
import type { Random } from './random.js';
import type { Process, VirtualTime } from './time/virtual-time.js';

/** What every part of the simulated world is given. */
export interface World {
  plan: Plan;
  time: VirtualTime;
  /** Whom nothing befalls: starts, kills and ends the others. */
  process: Process;
  random: Random;
  faults: Faults;
  /** Says what happened, for a person; put together only when somebody wants to read it. */
  trace: (line: () => string) => void;
  /** A promise was broken. */
  violated: (what: string) => void;
}
