import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from '@event-analytics/stack';
import { redisCommand } from '../redis-command.js';
import type { World } from '../world.js';
import type { Cast, Component } from './cast.js';
import type { Fault } from './plan-faults.js';

/** Makes the fault and ends it: when this resolves, what was hit is there again. */
export async function makeFault(fault: Fault, world: World, cast: Cast): Promise<void> {
  switch (fault.kind) {
    case 'kill': {
      const process = processOf(cast, fault);
      await process.kill('SIGKILL');
      await sleep(fault.downMs);
      await process.restart();
      return;
    }
    case 'restart':
      await processOf(cast, fault).restart();
      return;
    case 'pause': {
      const process = processOf(cast, fault);
      await process.kill('SIGSTOP');
      await sleep(fault.forMs);
      await process.kill('SIGCONT');
      return;
    }
    case 'black hole': {
      const link = world.links[fault.link];
      link.blackHole(fault.direction);
      await sleep(fault.forMs);
      link.heal();
      return;
    }
    case 'cut':
      world.links[fault.link].cut();
      return;
    case 'delay': {
      const link = world.links[fault.link];
      link.delay(fault.ms);
      await sleep(fault.forMs);
      link.heal();
      return;
    }
    case 'flush':
      // It may be down or paused by the other fault of this step: then there is nothing to flush.
      await redisCommand(world.servers.redis.port, 'FLUSHALL').catch(() => undefined);
      return;
  }
}

function processOf(cast: Cast, { component, which }: { component: Component; which: number }): ServerProcess {
  const processes = cast.processesOf[component];
  const process = processes[which % processes.length];
  if (!process) throw new Error(`no process of ${component}`);
  return process;
}
