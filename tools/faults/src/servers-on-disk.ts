import { serverAccount, startServers, temporaryDataDir, type ServerName } from '@event-analytics/stack';
import type { OwnServers } from '@event-analytics/testkit';
import type { Undos } from './undos.js';

/** Private servers, one of which keeps its data, and nothing else, in this directory. Undone by `undos`. */
export async function startServersOnDisk(
  onDisk: ServerName,
  directory: string,
  undos: Undos,
): Promise<OwnServers> {
  const all: readonly ServerName[] = ['postgres', 'redis', 'nats'];
  const others = await startServers({ mode: 'native', only: all.filter((name) => name !== onDisk) });
  undos.add(() => others.stop());
  const own = await startServers({
    mode: 'native',
    only: [onDisk],
    dataDir: directory,
    logDir: temporaryDataDir(serverAccount()),
  });
  undos.add(() => own.stop());
  const postgres = own.postgres ?? others.postgres;
  const redis = own.redis ?? others.redis;
  const nats = own.nats ?? others.nats;
  if (!postgres || !redis || !nats) throw new Error('native servers are processes');
  return {
    ...others,
    postgres,
    redis,
    nats,
    // The URL of what a call left out is ''.
    postgresUrl: own.postgresUrl || others.postgresUrl,
    redisUrl: own.redisUrl || others.redisUrl,
    natsUrl: own.natsUrl || others.natsUrl,
  };
}
