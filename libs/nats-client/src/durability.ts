import type { NatsSession } from './connection.js';
import { isVersionAtLeast } from './server-version.js';
import { findStream } from './stream.js';

/** sync_interval: always came with it. */
const SYNC_SERVER_MIN = '2.10.0';
/** From here on the log of a replicated stream is synced as well: https://github.com/nats-io/nats-server/pull/6041 */
const SYNC_REPLICAS_SERVER_MIN = '2.11.0';
const MONITORING_TIMEOUT_MS = 2_000;

/** `refused`: as it is configured, and no waiting helps. `unknown`: it could not be learned now. */
export type Durability = { proven: true } | { proven: false; because: 'refused' | 'unknown'; words: string };

/** What this check reads of a server's /varz (server/monitor.go, Varz; server/jetstream.go, JetStreamConfig). */
export interface ServerFacts {
  url: string;
  id: string;
  name: string;
  version: string;
  jetStream: boolean;
  syncAlways: boolean;
  /** Nanoseconds. */
  syncInterval: number;
}

/**
 * Whether a PubAck means "on disk", not only "written": the server fsyncs before it acknowledges. JetStream's API does
 * not tell, the monitoring endpoint does.
 *
 * Checked: the server that this session speaks with is one of those whose monitoring was asked; each of these has
 * JetStream and `sync_interval: always`, and a version that has the setting; where the stream is there and in a cluster,
 * every server that holds a copy of it is one of them.
 * Not checked: what the disk, its controller or the hypervisor make of an fsync; copies that are moved to other servers
 * later, until the next connect; that a monitoring URL belongs to the cluster, beyond the names and ids that it tells.
 */
export async function learnDurability(
  session: NatsSession,
  o: { stream: string; monitoringUrls: readonly string[] },
): Promise<Durability> {
  if (!isVersionAtLeast(session.serverVersion, SYNC_SERVER_MIN)) {
    return refused(
      `NATS ${session.serverVersion} cannot sync before it acknowledges (that came with ${SYNC_SERVER_MIN}): upgrade it`,
    );
  }
  try {
    const servers = await Promise.all(o.monitoringUrls.map(readServerFacts));
    const stream = await findStream(session, o.stream);
    const holders = stream?.cluster
      ? [stream.cluster.leader, ...(stream.cluster.replicas ?? []).map(({ name }) => name)]
      : [];
    const replicated = (stream?.config.num_replicas ?? 1) > 1;
    const { server_id: serverId = '' } = session.connection.info ?? {};
    const problem = durabilityProblem({ servers, serverId, holders, replicated });
    return problem === undefined ? { proven: true } : refused(problem);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { proven: false, because: 'unknown', words };
  }
}

const refused = (words: string): Durability => ({ proven: false, because: 'refused', words });

/**
 * Why what the servers say of themselves is not enough, or undefined.
 * @param o.serverId  of the one that we are connected to
 * @param o.holders   names of those that hold a copy of the stream, as far as it is in a cluster
 */
export function durabilityProblem(o: {
  servers: readonly ServerFacts[];
  serverId: string;
  holders: readonly (string | undefined)[];
  replicated: boolean;
}): string | undefined {
  for (const server of o.servers) {
    const problem = problemOf(server, o.replicated);
    if (problem !== undefined) return problem;
  }
  if (!o.servers.some(({ id }) => id === o.serverId)) {
    return `NATS_MONITORING_URL names no monitoring endpoint of the server that is connected (${o.serverId})`;
  }
  for (const holder of o.holders) {
    // A stream that has no leader at the moment has one soon, and that is one of the others.
    if (holder === undefined || o.servers.some(({ name }) => name === holder)) continue;
    return `NATS_MONITORING_URL names no monitoring endpoint of ${holder}, which holds a copy of the stream`;
  }
  return undefined;
}

function problemOf(server: ServerFacts, replicated: boolean): string | undefined {
  const who = `NATS ${server.version} ${server.name} (${server.url})`;
  if (!server.jetStream) return `${who} has no JetStream`;
  if (!server.syncAlways) {
    const every = server.syncInterval > 0 ? `every ${server.syncInterval / 1e9} s` : 'now and then';
    return `${who} syncs ${every}, not before it acknowledges: set sync_interval: always in its jetstream block`;
  }
  if (replicated && !isVersionAtLeast(server.version, SYNC_REPLICAS_SERVER_MIN)) {
    return `${who} does not sync the log of a replicated stream: upgrade it to ${SYNC_REPLICAS_SERVER_MIN}`;
  }
  return undefined;
}

async function readServerFacts(url: string): Promise<ServerFacts> {
  try {
    const response = await fetch(new URL('/varz', url), {
      signal: AbortSignal.timeout(MONITORING_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const varz: unknown = await response.json();
    const config = field(field(varz, 'jetstream'), 'config');
    return {
      url,
      id: text(field(varz, 'server_id')),
      name: text(field(varz, 'server_name')),
      version: text(field(varz, 'version')),
      jetStream: config !== undefined,
      // Absent where it is false.
      syncAlways: field(config, 'sync_always') === true,
      syncInterval: Number(field(config, 'sync_interval') ?? 0),
    };
  } catch (error) {
    // fetch says no more than that it failed; why is in its cause.
    const words = [field(error, 'message'), field(field(error, 'cause'), 'code')];
    const why = words.filter((word) => typeof word === 'string').join(', ');
    throw new Error(`the monitoring endpoint ${url} cannot be read (${why}): set NATS_MONITORING_URL`, {
      cause: error,
    });
  }
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : 'unknown');
