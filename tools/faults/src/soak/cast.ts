import type { ServerProcess } from '@event-analytics/stack';
import type { World } from '../world.js';

/** What is killed. Of gateway and writer there are two, so that one may be missing. */
export const COMPONENTS = ['gateway', 'writer', 'stats-api', 'PostgreSQL', 'Redis', 'NATS'] as const;
export type Component = (typeof COMPONENTS)[number];

export const killsIn = (kills: Record<Component, number>): number =>
  COMPONENTS.reduce((sum, component) => sum + kills[component], 0);

export interface Cast {
  processesOf: Record<Component, readonly ServerProcess[]>;
  gatewayUrls: () => readonly string[];
}

/** The processes of a soak: those of the world, and a second gateway and writer. */
export async function assemble(world: World): Promise<Cast> {
  const gateways = [world.gateway, await world.startAnother('ingest-gateway')];
  const writers = [world.writer, await world.startAnother('jetstream-writer')];
  const urls = gateways.map(({ url }) => url);
  return {
    processesOf: {
      gateway: gateways,
      writer: writers,
      'stats-api': [world.stats],
      PostgreSQL: [world.servers.postgres],
      Redis: [world.servers.redis],
      NATS: [world.servers.nats],
    },
    gatewayUrls: () => urls,
  };
}
