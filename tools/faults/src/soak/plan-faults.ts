import type { Links, Random } from '@event-analytics/testkit';
import { COMPONENTS, type Component } from './cast.js';

/** One fault, decided to the millisecond before anything happens: the seed alone says which they are. */
export type Fault =
  | { kind: 'kill'; component: Component; which: number; downMs: number }
  | { kind: 'restart'; component: 'gateway' | 'writer' | 'stats-api'; which: number }
  | { kind: 'pause'; component: Component; which: number; forMs: number }
  | { kind: 'black hole'; link: keyof Links; direction?: 'to_server' | 'to_client'; forMs: number }
  | { kind: 'cut'; link: keyof Links }
  | { kind: 'delay'; link: keyof Links; ms: number; forMs: number }
  | { kind: 'flush' };

/** What happens at once, and how long it is quiet afterwards. */
export interface Step {
  faults: Fault[];
  thenQuietMs: number;
}

const LINKS = [
  'gatewayToNats',
  'gatewayToRedis',
  'writerToNats',
  'writerToPostgres',
  'statsToPostgres',
] as const satisfies readonly (keyof Links)[];
const KILL_SHARE = 0.75;
const TWO_AT_ONCE_SHARE = 0.2;
const DOWN_MS_MAX = 1_500;
const QUIET_MS_MAX = 2_000;
const PAUSE_MS_MAX = 6_000;
const BLACK_HOLE_MS_MAX = 8_000;
const DELAY_MS_MAX = 150;
const DELAYED_FOR_MS_MAX = 5_000;

/** Steps without end. Every component is killed as often as every other, in an order of its own each round. */
export function* planFaults(random: Random): Generator<Step, never> {
  let round: Component[] = [];
  const below = (ms: number) => random.below(ms);

  function kill(): Fault {
    if (round.length === 0) round = random.shuffle([...COMPONENTS]);
    const component = round.pop() ?? 'gateway';
    return { kind: 'kill', component, which: random.below(2), downMs: below(DOWN_MS_MAX) };
  }

  function other(): Fault {
    const link = random.pick(LINKS);
    switch (random.pick(['restart', 'pause', 'black hole', 'cut', 'delay', 'flush'] as const)) {
      case 'restart': {
        const component = random.pick(['gateway', 'writer', 'stats-api'] as const);
        return { kind: 'restart', component, which: random.below(2) };
      }
      case 'pause': {
        const component = random.pick(COMPONENTS);
        return { kind: 'pause', component, which: random.below(2), forMs: below(PAUSE_MS_MAX) };
      }
      case 'black hole': {
        const direction = random.pick(['both', 'to_server', 'to_client'] as const);
        const forMs = below(BLACK_HOLE_MS_MAX);
        return { kind: 'black hole', link, forMs, ...(direction !== 'both' && { direction }) };
      }
      case 'cut':
        return { kind: 'cut', link };
      case 'delay':
        return { kind: 'delay', link, ms: below(DELAY_MS_MAX), forMs: below(DELAYED_FOR_MS_MAX) };
      case 'flush':
        return { kind: 'flush' };
    }
  }

  const one = () => (random.fraction() < KILL_SHARE ? kill() : other());
  for (;;) {
    const first = one();
    const faults = [first];
    if (random.fraction() < TWO_AT_ONCE_SHARE) {
      const second = one();
      if (!meet(first, second)) faults.push(second);
    }
    yield { faults, thenQuietMs: below(QUIET_MS_MAX) };
  }
}

/** Two faults on one thing would end each other. */
function meet(a: Fault, b: Fault): boolean {
  if ('component' in a && 'component' in b) return a.component === b.component;
  return 'link' in a && 'link' in b && a.link === b.link;
}

/** For the log. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill ${fault.component} ${fault.which}, down ${fault.downMs} ms`;
    case 'restart':
      return `restart ${fault.component} ${fault.which}`;
    case 'pause':
      return `pause ${fault.component} ${fault.which} for ${fault.forMs} ms`;
    case 'black hole':
      return `black hole ${fault.link} ${fault.direction ?? 'both ways'} for ${fault.forMs} ms`;
    case 'cut':
      return `cut ${fault.link}`;
    case 'delay':
      return `delay ${fault.link} by ${fault.ms} ms for ${fault.forMs} ms`;
    case 'flush':
      return 'flush Redis';
  }
}
