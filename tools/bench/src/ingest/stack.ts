import { chmodSync, existsSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  findPostgres,
  serverAccount,
  startServers,
  startService,
  temporaryDataDir,
  type Servers,
  type ServiceProcess,
} from '@event-analytics/stack';
import { makePartitionsAhead } from '@event-analytics/timescale';
import { createDatabase, withDatabase } from '../database.js';
import { requireRoom } from '../disk-room.js';
import type { Progress } from '../queries/progress.js';

const READY_MS_MAX = 60_000;

export interface Stack {
  servers: Servers;
  /** A folder that is gone with this process, however that ends; PostgreSQL's programs may write into it. */
  scratch: string;
  /** undefined where the installation has none: then there is no \copy. */
  psql: string | undefined;
  /** An empty one, made by our migrations, with the partitions of now. @returns its URL */
  createDatabase(name: string): Promise<string>;
  /** The build of an app, for production; waits until it is ready. */
  startApp(app: string, env: Record<string, string>): Promise<ServiceProcess>;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** What the run will write at most. */
  bytesNeeded: number;
  /** The checkout whose builds of the services are run; default: this one. */
  builds: string | undefined;
  /** For all services, beside the addresses of the servers. */
  env: Record<string, string>;
  progress: Progress;
}

/**
 * Private servers as in production: what is written has to reach the disk.
 * @throws Error when the disk has too little room
 */
export async function startStack(o: StackOptions): Promise<Stack> {
  const scratch = temporaryDataDir(serverAccount());
  o.progress(
    await requireRoom(scratch, o.bytesNeeded, dirname(scratch)).catch((error: unknown) => {
      rmSync(scratch, { recursive: true, force: true });
      throw error;
    }),
  );
  // Where we are root, the servers are not.
  chmodSync(scratch, 0o711);
  const servers = await startServers({ mode: 'native', dataDir: join(scratch, 'servers'), log: o.progress });
  const services: ServiceProcess[] = [];

  return {
    servers,
    scratch,
    psql: psqlBesideServer(),
    async createDatabase(name) {
      const url = await createDatabase(servers.postgresUrl, name);
      await withDatabase(url, (db) => makePartitionsAhead(db, { nowMs: Date.now() }));
      return url;
    },
    async startApp(app, env) {
      const service = await startService({
        app,
        ...(o.builds !== undefined && { mainJs: resolve(o.builds, 'apps', app, 'dist/main.js') }),
        env: {
          NODE_ENV: 'production',
          LOG_LEVEL: 'warn',
          RATE_LIMIT_REQUESTS: '0',
          REDIS_URL: servers.redisUrl,
          NATS_URL: servers.natsUrl,
          ...o.env,
          ...env,
        },
      });
      services.push(service);
      await service.waitReady({ timeoutMs: READY_MS_MAX });
      o.progress(`${app} is ready`);
      return service;
    },
    async stop() {
      await Promise.all(services.map((service) => service.stop()));
      await servers.stop();
      rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function psqlBesideServer(): string | undefined {
  const found = findPostgres();
  if (found === undefined) return undefined;
  const psql = join(found.binDir, 'psql');
  return existsSync(psql) ? psql : undefined;
}
